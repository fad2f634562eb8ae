#pragma once

#include <string>

#include "cluster/protocol/messages.h"
#include "core/base/fs.h"
#include "core/base/result.h"

namespace flink::jobmanager {

/// Shows the files of the JobManager's log directory. Names are looked up in its listing, never
/// joined into paths unseen. Thread: the JobManager's event loop.
class LogFiles {
 public:
  /// An empty directory means that there are none.
  LogFiles(FileSystem& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  [[nodiscard]] Result<protocol::ListLogsRequest::Response> list() const;
  /// Errors: kNotFound for a name that list() does not give.
  [[nodiscard]] Result<protocol::ReadLogRequest::Response> read(
      const protocol::ReadLogRequest& request) const;

 private:
  FileSystem& files_;
  std::string directory_;
};

}  // namespace flink::jobmanager
