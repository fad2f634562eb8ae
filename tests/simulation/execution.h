#pragma once

#include <memory>

#include "core/base/executor.h"
#include "tests/simulation/kernel.h"

namespace flink::simulation {

/// An event loop of a simulated process.
std::unique_ptr<EventLoop> makeLoop(Kernel& kernel, const ProcessRef& process);

/// Steps the tasks of a simulated process in any order. A step that waits in await() keeps its
/// thread and passes the baton on.
std::unique_ptr<Executor> makeExecutor(Kernel& kernel, const ProcessRef& process,
                                       Duration stepBudget);

}  // namespace flink::simulation
