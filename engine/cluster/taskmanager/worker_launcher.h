#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/control/local_channel.h"
#include "core/base/ids.h"
#include "core/base/process.h"
#include "core/base/result.h"

namespace flink::taskmanager {

/// What a new worker is told besides its first message.
struct WorkerLaunch {
  JobId job;
  TaskManagerId taskManager;
  std::string logFile, outFile, errFile;
};

/// How a worker ended and what its crash handler left (see README.md, "Last words"); empty unless
/// it crashed.
struct WorkerExit {
  ExitStatus status;
  std::string lastWords;
};

/// A started worker. Thread: any. Destroying the handle neither kills nor waits.
class WorkerProcess {
 public:
  virtual ~WorkerProcess() = default;
  [[nodiscard]] virtual int pid() const = 0;
  /// The supervisor's end of the local channel.
  virtual control::LocalChannel& channel() = 0;
  /// No-op once the worker has ended.
  virtual void kill(int signal) = 0;
};

/// The seam behind which a worker is a process of its own or threads of this one.
/// Thread: the supervisor's loop.
class WorkerLauncher {
 public:
  virtual ~WorkerLauncher() = default;
  /// `onExit` is called once, from any thread, also for workers that end at once. Errors:
  /// kProcessSpawn.
  virtual Result<std::unique_ptr<WorkerProcess>> launch(WorkerLaunch launch,
                                                        std::function<void(WorkerExit)> onExit) = 0;
};

}  // namespace flink::taskmanager
