#pragma once

#include <memory>
#include <string>

#include "cluster/taskmanager/worker_launcher.h"
#include "core/base/process.h"

namespace flink::taskmanager {

/// Starts workers as processes that die with the supervisor.
/// Ownership: borrows the launcher, which must outlive every exit callback.
std::unique_ptr<WorkerLauncher> makeProcessWorkerLauncher(std::string workerBinary,
                                                          ProcessLauncher& processes);

}  // namespace flink::taskmanager
