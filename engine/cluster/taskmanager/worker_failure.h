#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/protocol/deployment.h"
#include "cluster/taskmanager/worker_launcher.h"

namespace flink::taskmanager {

/// What a crash handler left, parsed. Unknown lines are ignored: the writer may have died in the
/// middle of one.
struct LastWords {
  int signal = 0;
  std::string operatorName;
  std::string library;
  std::vector<std::string> frames;
};
[[nodiscard]] LastWords parseLastWords(std::string_view text);

/// The facts about a worker that ended without being asked to.
struct WorkerEnd {
  JobId job;
  std::string jobName;
  std::string libraryName;
  std::string host;
  int pid = 0;
  WorkerExit exit;
  /// Why the supervisor ended it ("did not answer for 20 s"); empty: it ended by itself.
  std::string killedBecause;
  std::string errorTail;  ///< last lines of its stderr
  std::int64_t timestampMs = 0;
};

/// Names host, pid and signal; for crashes the operator and the library too, with the native frames
/// in the stack trace.
[[nodiscard]] protocol::FailureInfo describeWorkerEnd(const WorkerEnd& end);

/// A Status as users see it in a job's exceptions.
[[nodiscard]] protocol::FailureInfo describeStatus(const Status& status, std::int64_t timestampMs);

}  // namespace flink::taskmanager
