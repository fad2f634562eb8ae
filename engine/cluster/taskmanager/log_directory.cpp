#include "cluster/taskmanager/log_directory.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cluster/control/log_piece.h"
#include "cluster/taskmanager/probe.h"
#include "core/base/error_codes.h"

namespace flink::taskmanager {

namespace {

constexpr std::size_t kJobIdDigits = 2 * JobId::kSize;
constexpr std::string_view kWorkerWord = "-worker-";

std::string nameOf(const FileStatus& file) {
  return file.path.substr(file.path.rfind('/') + 1);
}

/// The job of "<prefix>-worker-<job id>.<kind>"; nullopt for the TaskManager's own files.
std::optional<JobId> jobOf(std::string_view name, std::string_view prefix) {
  name.remove_prefix(prefix.size());
  if (name.size() <= kWorkerWord.size() + kJobIdDigits || !name.starts_with(kWorkerWord))
    return std::nullopt;
  return JobId::parse(name.substr(kWorkerWord.size(), kJobIdDigits));
}

bool belongsTo(std::string_view name, std::string_view prefix) {
  if (name.size() <= prefix.size() || !name.starts_with(prefix)) return false;
  return name[prefix.size()] == '.' || jobOf(name, prefix);
}

}  // namespace

LogDirectory::LogDirectory(FileSystem& files, std::string directory, std::string prefix,
                           int maxWorkerFiles)
    : files_(files),
      directory_(std::move(directory)),
      prefix_(std::move(prefix)),
      maxWorkerFiles_(maxWorkerFiles) {}

std::string LogDirectory::workerFile(const JobId& job, const std::string& kind) const {
  return prefix_.empty()
             ? std::string()
             : fmt::format("{}/{}{}{}.{}", directory_, prefix_, kWorkerWord, job.toHex(), kind);
}

Result<std::vector<protocol::LogFile>> LogDirectory::list() const {
  std::vector<protocol::LogFile> logs;
  if (prefix_.empty()) return logs;
  FLINK_ASSIGN_OR_RETURN(const auto found, files_.list(directory_));
  for (const FileStatus& file : found) {
    const std::string name = nameOf(file);
    if (!file.isDirectory && belongsTo(name, prefix_)) {
      logs.push_back({name, static_cast<std::int64_t>(file.size), file.modifiedMs});
    }
  }
  return logs;
}

Result<protocol::ReadLogRequest::Response> LogDirectory::read(
    const protocol::ReadTaskManagerLogRequest& request) const {
  FLINK_ASSIGN_OR_RETURN(const auto logs, list());
  const bool known = std::any_of(logs.begin(), logs.end(),
                                 [&](const auto& log) { return log.name == request.name; });
  if (!known) return Status(ErrorCode::kNotFound, "no such log file: name=" + request.name);
  return control::readLogPiece(files_, directory_ + "/" + request.name, request.offset,
                               request.maxBytes);
}

void LogDirectory::prune(const std::function<bool(const JobId&)>& inUse) const {
  auto logs = list();
  if (!logs) return;
  std::vector<protocol::LogFile> ended;
  for (auto& log : *logs) {
    const auto job = jobOf(log.name, prefix_);  // list() gives names that begin with the prefix
    if (job && !inUse(*job)) ended.push_back(std::move(log));
  }
  if (ended.size() <= static_cast<std::size_t>(std::max(maxWorkerFiles_, 0))) return;
  std::sort(ended.begin(), ended.end(), [](const auto& a, const auto& b) {
    return std::tie(a.modifiedMs, a.name) < std::tie(b.modifiedMs, b.name);
  });
  ended.resize(ended.size() - static_cast<std::size_t>(maxWorkerFiles_));
  for (const auto& log : ended) {
    if (const Status removed = files_.removeAll(directory_ + "/" + log.name); !removed.isOk()) {
      FLINK_WARN(kLog, "cannot remove an old log file name={} reason={}", log.name,
                 removed.toString());
      return;
    }
  }
}

}  // namespace flink::taskmanager
