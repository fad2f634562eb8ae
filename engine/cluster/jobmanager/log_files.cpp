#include "cluster/jobmanager/log_files.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "cluster/control/log_piece.h"
#include "core/base/error_codes.h"

namespace flink::jobmanager {
namespace {

std::string nameOf(const FileStatus& file) {
  return file.path.substr(file.path.rfind('/') + 1);
}

}  // namespace

LogFiles::LogFiles(FileSystem& files, const std::string& prefix) : files_(files) {
  const auto slash = prefix.rfind('/');
  directory_ = slash == std::string::npos ? "." : prefix.substr(0, slash);
  name_ = prefix.substr(slash + 1);
}

Result<std::vector<FileStatus>> LogFiles::own() const {
  std::vector<FileStatus> own;
  if (name_.empty()) return own;
  FLINK_ASSIGN_OR_RETURN(auto entries, files_.list(directory_));
  std::copy_if(std::make_move_iterator(entries.begin()), std::make_move_iterator(entries.end()),
               std::back_inserter(own), [&](const FileStatus& file) {
                 return !file.isDirectory && nameOf(file).starts_with(name_ + ".");
               });
  return own;
}

Result<protocol::ListLogsRequest::Response> LogFiles::list() const {
  FLINK_ASSIGN_OR_RETURN(const auto entries, own());
  protocol::ListLogsRequest::Response response;
  for (const FileStatus& file : entries)
    response.files.push_back({nameOf(file), static_cast<std::int64_t>(file.size), file.modifiedMs});
  return response;
}

Result<protocol::ReadLogRequest::Response> LogFiles::read(
    const protocol::ReadLogRequest& request) const {
  FLINK_ASSIGN_OR_RETURN(const auto entries, own());
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const FileStatus& file) {
    return nameOf(file) == request.name;
  });
  if (found == entries.end()) {
    return Status(ErrorCode::kNotFound, fmt::format("no such log file: name={}", request.name));
  }
  return control::readLogPiece(files_, found->path, request.offset, request.maxBytes);
}

}  // namespace flink::jobmanager
