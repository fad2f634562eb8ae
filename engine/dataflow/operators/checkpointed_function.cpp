#include "dataflow/operators/checkpointed_function.h"

namespace flink {

FunctionInitializationContext::FunctionInitializationContext(const state::StateInitContext& context)
    : operatorState_(*context.operatorState) {
  if (context.restoredCheckpointId.has_value())
    restored_ = static_cast<std::int64_t>(*context.restoredCheckpointId);
  if (context.keyedState != nullptr)
    keyedState_.emplace(*context.keyedState, state::StateLayout::kNoNamespace);
}

}  // namespace flink
