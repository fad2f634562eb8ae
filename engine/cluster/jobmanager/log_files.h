#pragma once

#include <string>
#include <vector>

#include "cluster/protocol/messages.h"
#include "core/base/fs.h"
#include "core/base/result.h"

namespace flink::jobmanager {

/// Shows the files of the JobManager's log directory. Names are looked up in its listing, never
/// joined into paths unseen. Thread: any; reading blocks.
class LogFiles {
 public:
  /// `prefix` is the path of the files up to their extension; others may keep theirs in the same
  /// directory. An empty one means that there are none.
  LogFiles(FileSystem& files, const std::string& prefix);

  [[nodiscard]] Result<protocol::ListLogsRequest::Response> list() const;
  /// Errors: kNotFound for a name that list() does not give.
  [[nodiscard]] Result<protocol::ReadLogRequest::Response> read(
      const protocol::ReadLogRequest& request) const;

 private:
  [[nodiscard]] Result<std::vector<FileStatus>> own() const;

  FileSystem& files_;
  std::string directory_, name_;
};

}  // namespace flink::jobmanager
