#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cluster/protocol/messages.h"
#include "core/base/fs.h"
#include "core/base/ids.h"

namespace flink::taskmanager {

/// The log and output files of one TaskManager and its workers: `<prefix>.log`,
/// `<prefix>-worker-<job id>.log`, ... Thread: any; what reads or removes files blocks.
class LogDirectory {
 public:
  /// An empty prefix means that no files are written.
  LogDirectory(FileSystem& files, std::string directory, std::string prefix, int maxWorkerFiles);

  /// Path of a worker's file with extension `kind` ("log", "out", "err"); empty when no files are
  /// written.
  [[nodiscard]] std::string workerFile(const JobId& job, const std::string& kind) const;
  Result<std::vector<protocol::LogFile>> list() const;
  /// `name` must be one that list() returns. Errors: kNotFound.
  Result<protocol::ReadLogRequest::Response> read(
      const protocol::ReadTaskManagerLogRequest& request) const;
  /// Removes the oldest files of ended workers beyond the cap. `inUse` tells which jobs run.
  void prune(const std::function<bool(const JobId&)>& inUse) const;

 private:
  FileSystem& files_;
  std::string directory_, prefix_;
  int maxWorkerFiles_;
};

}  // namespace flink::taskmanager
