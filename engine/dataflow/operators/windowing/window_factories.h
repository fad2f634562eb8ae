#pragma once

#include <utility>

#include "dataflow/operators/factories.h"
#include "dataflow/operators/windowing/window_operator.h"

namespace flink::operators {

[[noreturn]] void throwTriggerCannotMerge();

/// The operator of a window definition. The input edge must come from makeKeyedEdgeCodec<Record>
/// with the same selector. Errors (thrown): kUnsupported for merging windows with a trigger that
/// cannot merge.
template <class Definition>
FactoryPtr makeWindowFactory(Definition definition) {
  if (Definition::kMerging && !canMerge(definition.trigger)) throwTriggerCannotMerge();
  return detail::makeFactory<WindowOperator<Definition>>(std::move(definition));
}

}  // namespace flink::operators
