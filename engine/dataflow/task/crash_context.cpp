#include "dataflow/task/crash_context.h"

#include "core/base/current_code.h"

namespace flink::task {

CrashContext crashContext() noexcept {
  return {currentCode.task, currentCode.op};
}

}  // namespace flink::task
