#pragma once

#include <utility>

#include "dataflow/operators/factories.h"
#include "dataflow/operators/windowing/aligned_window_operator.h"
#include "dataflow/operators/windowing/slicing_window_operator.h"
#include "dataflow/operators/windowing/window_operator.h"
#include "dataflow/operators/windowing/wrapping_triggers.h"

namespace flink::operators {

[[noreturn]] void throwTriggerCannotMerge();

/// The operator of a window definition. The input edge must come from makeKeyedEdgeCodec<Record>
/// with the same selector. Errors (thrown): kUnsupported for merging windows with a trigger that
/// cannot merge.
template <class Definition>
FactoryPtr makeWindowFactory(Definition definition) {
  if (Definition::kMerging && !canMerge(definition.trigger)) throwTriggerCannotMerge();
  if constexpr (isSlicedWindow<Definition>()) {
    if (fitsSlicingOperator(definition))
      return detail::makeFactory<SlicingWindowOperator<Definition>>(std::move(definition));
  }
  if constexpr (isAlignedWindow<Definition>()) {
    if (fitsAlignedOperator(definition))
      return detail::makeFactory<AlignedWindowOperator<Definition>>(std::move(definition));
  }
  return detail::makeFactory<WindowOperator<Definition>>(std::move(definition));
}

}  // namespace flink::operators
