#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "dataflow/operators/function_traits.h"
#include "dataflow/operators/output_tag.h"
#include "dataflow/operators/windowing/assigners.h"
#include "dataflow/operators/windowing/window_calls.h"
#include "dataflow/operators/windowing/window_contents.h"

namespace flink::operators {

/// Stands for no evictor.
struct NoEvictor {};

/// All parts of one window operator. Selector: the key; Contents: what is kept, see
/// window_contents.h; Calls: what is called when a window fires, see window_calls.h.
template <class T, class SelectorType, class AssignerType, class TriggerType, class ContentsType,
          class CallsType, class OutType, class EvictorType = NoEvictor>
struct WindowDefinition {
  using Record = T;
  using Selector = SelectorType;
  using Key = KeyOf<Selector, T>;
  using Assigner = AssignerType;
  using WindowType = typename Assigner::WindowType;
  using Trigger = TriggerType;
  using Contents = ContentsType;
  using Accumulator = typename Contents::Accumulator;
  using Calls = CallsType;
  using Out = OutType;
  using Evictor = EvictorType;
  static constexpr bool kMerging = MergingAssigner<Assigner>;
  static constexpr bool kEvicting = !std::is_same_v<Evictor, NoEvictor>;
  /// With other settings the same windows may be kept in slices (slicing_window_operator.h).
  static constexpr bool kMayBeSliced =
      std::is_same_v<Assigner, SlidingEventTimeWindows> && Contents::kMergesFreely;
  /// The window function wants to know when a window is over.
  static constexpr bool kClears = Calls::template kClears<WindowType>;
  /// Results come at the end of the input only, and so does event time.
  static constexpr bool kOnlyAtEnd = std::is_same_v<Trigger, EndOfStreamTrigger>;

  Selector selector;
  Assigner assigner;
  Trigger trigger;
  Contents contents;
  Calls calls;
  Evictor evictor{};
  std::int64_t allowedLateness = 0;
  std::optional<OutputTag<T>> lateDataTag;

  /// When a window's state goes: never before the trigger had its last chance.
  [[nodiscard]] types::Timestamp cleanupTime(const WindowType& window) const {
    if (!assigner.isEventTime()) return window.maxTimestamp();
    return types::saturatingAdd(window.maxTimestamp(), allowedLateness);
  }

  /// Visits the user's functions that may have a life cycle.
  void forEachFunction(auto&& visit) {
    if constexpr (requires { contents.combiner.function; }) visit(contents.combiner.function);
    if constexpr (requires { contents.function; }) visit(contents.function);
    calls.forEachFunction(visit);
  }
};

}  // namespace flink::operators
