#include "dataflow/operators/spill_settings.h"

#include <algorithm>

#include <fmt/format.h>

#include "dataflow/operators/operator.h"

namespace flink::operators {

std::size_t spillBudget(const OperatorContext& context) {
  constexpr std::int64_t kFloorBytes = 64 << 10;
  return static_cast<std::size_t>(std::max(kFloorBytes, context.managedMemoryBytes));
}

std::string spillPath(const OperatorContext& context) {
  return fmt::format("{}/spill-{}-{}-{}", context.temporaryDirectory, context.operatorId.toHex(),
                     context.subtaskIndex, context.attemptNumber);
}

}  // namespace flink::operators
