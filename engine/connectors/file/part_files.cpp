#include "connectors/file/part_files.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/types/key_hash.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::connectors {

using operators::OperatorFailure;
using operators::throwIfError;
using operators::valueOrThrow;

namespace {

constexpr std::size_t kCopyBytes = 256 << 10;

/// Null: there is none.
std::optional<FileStatus> statusOf(FileSystem& files, const std::string& path) {
  auto status = files.status(path);
  if (status) return *std::move(status);
  if (status.status().code() == ErrorCode::kFileNotFound) return std::nullopt;
  throw OperatorFailure(status.status());
}

void copyBeginning(FileSystem& files, const InProgressPart& from, WritableFile& to) {
  auto source = files.openRead(from.inProgressPath);
  if (!source || (*source)->size() < from.numBytes) {
    throw OperatorFailure(
        Status(ErrorCode::kPartFileLost,
               fmt::format("a part file that the checkpoint goes on with is gone or too short: "
                           "file={} bytes={} expected={}",
                           from.inProgressPath, source ? (*source)->size() : 0, from.numBytes)));
  }
  std::string block(static_cast<std::size_t>(std::min<std::uint64_t>(kCopyBytes, from.numBytes)),
                    '\0');
  for (std::uint64_t at = 0; at < from.numBytes;) {
    const auto want =
        static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), from.numBytes - at));
    const std::size_t got =
        valueOrThrow((*source)->readAt(at, std::as_writable_bytes(std::span(block.data(), want))));
    if (got == 0) throw OperatorFailure(Status(ErrorCode::kPartFileLost, from.inProgressPath));
    throwIfError(to.append(asBytes(std::string_view(block.data(), got))));
    at += got;
  }
}

PartFiles::Settings withoutSlash(PartFiles::Settings settings) {
  while (settings.basePath.size() > 1 && settings.basePath.ends_with('/'))
    settings.basePath.pop_back();
  return settings;
}

}  // namespace

PartFiles::PartFiles(Settings settings, FileSystem& files, const Clock& clock)
    : settings_(withoutSlash(std::move(settings))), files_(files), clock_(clock) {}

void PartFiles::restore(const std::vector<InProgressPart>& parts) {
  for (const InProgressPart& from : parts) {
    Part part = open(from.bucketId);
    copyBeginning(files_, from, *part.file);
    part.info.size = from.numBytes;
    part.info.creationTimeMs = from.creationTimeMs;
    pending_.push_back({from.inProgressPath, "", 0});
    // Two of one bucket: the states of several writers came to this one.
    if (const auto found = parts_.find(from.bucketId); found != parts_.end()) roll(found->second);
    parts_.insert_or_assign(from.bucketId, std::move(part));
  }
}

void PartFiles::write(const std::string& bucketId, std::string_view bytes) {
  auto found = parts_.find(bucketId);
  if (found != parts_.end() && settings_.rolling.shouldRollOnEvent(found->second.info)) {
    roll(found->second);
    parts_.erase(found);
    found = parts_.end();
  }
  if (found == parts_.end()) found = parts_.emplace(bucketId, open(bucketId)).first;
  Part& part = found->second;
  throwIfError(part.file->append(asBytes(bytes)));
  part.info.size += bytes.size();
  part.info.lastUpdateTimeMs = clock_.wallMs();
}

template <class Due>
void PartFiles::rollIf(Due due) {
  for (auto it = parts_.begin(); it != parts_.end();) {
    if (!due(it->second.info)) {
      ++it;
      continue;
    }
    roll(it->second);
    it = parts_.erase(it);
  }
}

void PartFiles::onProcessingTime() {
  rollIf([&, now = clock_.wallMs()](const PartFileInfo& part) {
    return settings_.rolling.shouldRollOnProcessingTime(part, now);
  });
}

void PartFiles::rollAll() {
  rollIf([](const PartFileInfo&) { return true; });
}

std::vector<FileSinkCommittable> PartFiles::prepareCommit() {
  rollIf([&](const PartFileInfo& part) { return settings_.rolling.shouldRollOnCheckpoint(part); });
  // The names of new files last as long as the checkpoint that names them.
  std::set<std::string> directories;
  for (const FileSinkCommittable& part : pending_) {
    if (!part.path.empty()) directories.insert(directoryOf(part.path));
  }
  for (const auto& [bucket, part] : parts_) directories.insert(directoryOf(part.path));
  for (const std::string& directory : directories) throwIfError(files_.syncDirectory(directory));
  return std::exchange(pending_, {});
}

std::vector<InProgressPart> PartFiles::snapshot() {
  std::vector<InProgressPart> parts;
  for (auto& [bucket, part] : parts_) {
    throwIfError(part.file->sync());
    parts.push_back({bucket, part.inProgressPath, part.info.size, part.info.creationTimeMs});
  }
  return parts;
}

PartFiles::Part PartFiles::open(const std::string& bucketId) {
  Part part;
  part.info.bucketId = bucketId;
  part.info.creationTimeMs = part.info.lastUpdateTimeMs = clock_.wallMs();
  const std::string directory =
      bucketId.empty() ? settings_.basePath : settings_.basePath + "/" + bucketId;
  const std::string name = fmt::format("{}-{}-{}{}", settings_.names.partPrefix, settings_.writerId,
                                       nextNumber_++, settings_.names.partSuffix);
  part.path = directory + "/" + name;
  part.inProgressPath = fmt::format("{}/.{}.inprogress.{}", directory, name, settings_.writerId);
  makeDirectory(directory);
  part.file = valueOrThrow(files_.openWrite(part.inProgressPath));
  return part;
}

void PartFiles::makeDirectory(const std::string& directory) {
  if (statusOf(files_, directory)) return;
  throwIfError(files_.createDirectories(directory));
  std::string made = directory;
  while (made.size() >= settings_.basePath.size() && made != directoryOf(made)) {
    made = directoryOf(made);
    throwIfError(files_.syncDirectory(made));
  }
}

void PartFiles::roll(Part& part) {
  throwIfError(part.file->sync());
  throwIfError(part.file->close());
  pending_.push_back({part.inProgressPath, part.path, part.info.size});
}

PartCommit commitPart(FileSystem& files, const FileSinkCommittable& part) {
  if (part.path.empty()) {
    throwIfError(files.removeAll(part.inProgressPath));
    return PartCommit::kCommitted;
  }
  const auto written = statusOf(files, part.inProgressPath);
  if (!written && statusOf(files, part.path)) return PartCommit::kAlreadyCommitted;
  if (!written || written->size != part.numBytes) {
    throw OperatorFailure(
        Status(ErrorCode::kPartFileLost,
               fmt::format("a part file of a completed checkpoint is gone or was changed: "
                           "file={} bytes={} expected={}",
                           part.inProgressPath, written ? written->size : 0, part.numBytes)));
  }
  throwIfError(files.rename(part.inProgressPath, part.path));
  return PartCommit::kCommitted;
}

std::string directoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string uniqueWriterId(std::string_view identity, const Clock& clock) {
  const std::string text =
      fmt::format("{} {} {}", identity, clock.wallMs(), clock.now().time_since_epoch().count());
  const types::KeyHash high = types::keyHash(text);
  const types::KeyHash low = types::keyHash(text + " low");
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffff'ffff'ffff);
}

}  // namespace flink::connectors
