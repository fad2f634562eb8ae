#include "dataflow/operators/checkpointed_function.h"

#include "dataflow/operators/runtime_state.h"

namespace flink {

FunctionInitializationContext::FunctionInitializationContext(const state::StateInitContext& context)
    : operatorState_(*context.operatorState) {
  if (context.restoredCheckpointId.has_value())
    restored_ = static_cast<std::int64_t>(*context.restoredCheckpointId);
  if (context.keyedState != nullptr)
    keyedState_ =
        std::make_unique<KeyedStateStore>(*context.keyedState, state::StateLayout::kNoNamespace);
}

FunctionInitializationContext::~FunctionInitializationContext() = default;

}  // namespace flink
