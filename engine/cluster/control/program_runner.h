#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/protocol/messages.h"
#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/process.h"
#include "core/base/result.h"

namespace flink::control {

/// Runs one job's program in a flink-program process and passes its calls on: kSubmitJob, kWaitJob,
/// kCancelJob, kGetJob and kCollectResults go to the relay, everything else is refused with
/// kUnknownMethod. Thread: relay and done are called on `loop`; answers may come from any thread;
/// kill() from any thread. Lifetime: destroy on the loop or after done; destroying kills a program
/// that still runs.
class ProgramRunner {
 public:
  using Answer = std::function<void(Result<Bytes>)>;
  /// Passes one encoded call of the program on. Whoever only wants the plan decodes kSubmitJob and
  /// answers kCancelled.
  using Relay =
      std::function<void(protocol::Method method, Bytes body, Duration deadline, Answer answer)>;

  struct Spec {
    std::string binary;  ///< path of flink-program
    protocol::ProgramStartRequest start;
    Relay relay;
    /// Called once: the program's own end (numJobs executed) or the error that ended it, its exit
    /// status included.
    std::function<void(Status status, int numJobs)> done;
  };

  /// Errors: kProcessSpawn.
  static Result<std::unique_ptr<ProgramRunner>> start(Spec spec, ProcessLauncher& launcher,
                                                      EventLoop& loop, const Clock& clock);
  virtual ~ProgramRunner() = default;
  /// Ends the program at once.
  virtual void kill() = 0;
};

}  // namespace flink::control
