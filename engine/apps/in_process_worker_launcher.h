#pragma once

#include <memory>

#include "cluster/taskmanager/worker_launcher.h"
#include "core/base/clock.h"
#include "core/base/fs.h"

namespace flink::apps {

/// Runs workers as threads of this process, for MiniCluster. They cannot be killed: user code that
/// does not return keeps its threads until the process ends. Ownership: borrows clock and files.
/// Lifetime: outlives its workers; the destructor waits for those that still end.
std::unique_ptr<taskmanager::WorkerLauncher> makeInProcessWorkerLauncher(const Clock& clock,
                                                                         FileSystem& files);

}  // namespace flink::apps
