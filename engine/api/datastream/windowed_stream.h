#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "api/datastream/keyed_stream.h"
#include "dataflow/operators/windowing/window_factories.h"

namespace flink {

namespace datastream {

/// The key of streams without keys: all records share it.
struct AllKey {
  template <class T>
  std::uint8_t operator()(const T& /*record*/) const {
    return 0;
  }
};

}  // namespace datastream

/// A stream cut into windows, per key: what reduce, aggregate, process or apply make of each window
/// is a stream again. Its methods give new streams; none changes the one it is called on.
template <class T, class Selector, class Assigner, class Trigger, class Evictor>
class WindowedStream {
 public:
  using Key = operators::KeyOf<Selector, T>;
  using WindowType = typename Assigner::WindowType;
  struct Settings {
    std::int64_t allowedLateness = 0;
    std::optional<OutputTag<T>> lateDataTag;
  };

  WindowedStream(datastream::StreamHandle input, Selector selector, Assigner assigner,
                 Trigger trigger, Evictor evictor, Settings settings = {})
      : input_(std::move(input)),
        selector_(std::move(selector)),
        assigner_(std::move(assigner)),
        trigger_(std::move(trigger)),
        evictor_(std::move(evictor)),
        settings_(std::move(settings)) {}

  // --- how windows work ------------------------------------------------------------------------

  /// Fires windows when `trigger` says so, in place of the assigner's own trigger. Throws
  /// FlinkException when windows merge and the trigger cannot.
  template <class NewTrigger>
  auto trigger(NewTrigger trigger) const {
    if constexpr (!operators::TriggerFor<NewTrigger, T, WindowType>) {
      static_assert(datastream::kNever<NewTrigger>,
                    "flink: trigger() needs onElement(element, timestamp, window, context), "
                    "onEventTime(time, window, context), onProcessingTime(time, window, context) "
                    "and clear(window, context) for this stream's records and windows");
      return datastream::AfterMistake{};
    } else {
      if (operators::MergingAssigner<Assigner> && !operators::canMerge(trigger))
        operators::throwTriggerCannotMerge();
      return WindowedStream<T, Selector, Assigner, NewTrigger, Evictor>(
          input_, selector_, assigner_, std::move(trigger), evictor_,
          {settings_.allowedLateness, settings_.lateDataTag});
    }
  }

  /// Removes elements before or after the window function has seen them. All elements are kept
  /// until then, also for reduce and aggregate.
  template <class NewEvictor>
  auto evictor(NewEvictor evictor) const {
    if constexpr (!operators::EvictorFor<NewEvictor, T, WindowType>) {
      static_assert(datastream::kNever<NewEvictor>,
                    "flink: evictor() needs evictBefore(elements, size, window, context) and "
                    "evictAfter(...) with std::vector<flink::TimestampedValue<T>>& elements");
      return datastream::AfterMistake{};
    } else {
      return WindowedStream<T, Selector, Assigner, Trigger, NewEvictor>(
          input_, selector_, assigner_, trigger_, std::move(evictor),
          {settings_.allowedLateness, settings_.lateDataTag});
    }
  }

  /// Keeps a window for so long after its end: elements that come until then fire it again. Event
  /// time only. Throws FlinkException when negative.
  [[nodiscard]] WindowedStream allowedLateness(std::chrono::milliseconds lateness) const {
    operators::checkWindowParameters(lateness.count() >= 0, "allowedLateness", "0 <= lateness");
    WindowedStream stream = *this;
    stream.settings_.allowedLateness = lateness.count();
    return stream;
  }

  /// Sends elements that are too late for every window to a side output of the result instead of
  /// dropping them.
  [[nodiscard]] WindowedStream sideOutputLateData(const OutputTag<T>& tag) const {
    WindowedStream stream = *this;
    stream.settings_.lateDataTag = tag;
    return stream;
  }

  // --- what becomes of a window ----------------------------------------------------------------

  /// `T f(const T& a, const T& b)`, or a ReduceFunction: one record per window.
  template <class F>
  auto reduce(F function) const {
    if constexpr (!operators::CallableReduce<F, T>) {
      static_assert(datastream::kNever<F>,
                    "flink: reduce() needs a function of two records of this stream that returns "
                    "one: T f(const T&, const T&)");
      return datastream::AfterMistake{};
    } else {
      return transformed<T>("windowReduce", reducing(std::move(function)),
                            operators::EmitElements{});
    }
  }
  /// The window function gets the one reduced record.
  template <class Given = datastream::Unknown, class F, class G>
  auto reduce(F function, G windowFunction) const {
    if constexpr (!operators::CallableReduce<F, T>) {
      return reduce(std::move(function));
    } else {
      return called<Given, T>("windowReduce", reducing(std::move(function)),
                              std::move(windowFunction));
    }
  }

  /// An object with createAccumulator(), add(value, accumulator), getResult(accumulator) and, for
  /// merging windows, merge(a, b): one result per window. Sliding windows share the accumulators of
  /// their common parts when there is a merge().
  template <class F>
  auto aggregate(F function) const {
    if constexpr (!fitsAggregate<F>()) {
      return datastream::AfterMistake{};
    } else {
      using Contents = operators::AggregatedContents<T, F>;
      return transformed<typename Contents::Element>(
          "windowAggregate", Contents{std::move(function)}, operators::EmitElements{});
    }
  }
  /// The window function gets the one result.
  template <class Given = datastream::Unknown, class F, class G>
  auto aggregate(F function, G windowFunction) const {
    if constexpr (!fitsAggregate<F>()) {
      return datastream::AfterMistake{};
    } else {
      using Contents = operators::AggregatedContents<T, F>;
      return called<Given, typename Contents::Element>(
          "windowAggregate", Contents{std::move(function)}, std::move(windowFunction));
    }
  }

  /// `void f(const Key&, ProcessWindowContext<W>&, const Iterable<T>&, Collector<R>&)` or a
  /// ProcessWindowFunction; on windowAll without the key. It gets all elements of a window.
  template <class Given = datastream::Unknown, class F>
  auto process(F function) const {
    return called<Given, T>("windowProcess", operators::ListContents<T>{}, std::move(function));
  }
  /// `void f(const Key&, const W&, const Iterable<T>&, Collector<R>&)` or a WindowFunction; on
  /// windowAll without the key.
  template <class Given = datastream::Unknown, class F>
  auto apply(F function) const {
    return called<Given, T>("windowApply", operators::ListContents<T>{}, std::move(function));
  }

  // Aggregates of one field, as on a KeyedStream; one record per window.

  template <std::size_t Index = 0>
  auto sum() const {
    return byIndex<Index, datastream::SumAggregation>({});
  }
  template <class Field>
  auto sum(Field field) const {
    return by<datastream::SumAggregation>({}, field);
  }
  template <std::size_t Index = 0>
  auto min() const {
    return byIndex<Index, datastream::MinAggregation>({});
  }
  template <class Field>
  auto min(Field field) const {
    return by<datastream::MinAggregation>({}, field);
  }
  template <std::size_t Index = 0>
  auto max() const {
    return byIndex<Index, datastream::MaxAggregation>({});
  }
  template <class Field>
  auto max(Field field) const {
    return by<datastream::MaxAggregation>({}, field);
  }
  template <std::size_t Index>
  auto minBy(bool first = true) const {
    return byIndex<Index, datastream::MinByAggregation>({first});
  }
  template <class Field>
  auto minBy(Field field, bool first = true) const {
    return by<datastream::MinByAggregation>({first}, field);
  }
  template <std::size_t Index>
  auto maxBy(bool first = true) const {
    return byIndex<Index, datastream::MaxByAggregation>({first});
  }
  template <class Field>
  auto maxBy(Field field, bool first = true) const {
    return by<datastream::MaxByAggregation>({first}, field);
  }

  /// For the API itself: all elements of a window into a policy of window_calls.h.
  template <class Out, class Calls>
  [[nodiscard]] SingleOutputStreamOperator<Out> withCalls(const char* kind, Calls calls) const {
    return transformed<Out>(kind, operators::ListContents<T>{}, std::move(calls));
  }

 private:
  template <class F>
  static consteval bool fitsAggregate() {
    if constexpr (!operators::CallableAggregate<F, T>) {
      static_assert(datastream::kNever<F>,
                    "flink: aggregate() needs an object with createAccumulator(), add(const T&, "
                    "accumulator) and getResult(accumulator) and a serializable accumulator");
      return false;
    } else if constexpr (operators::MergingAssigner<Assigner> && !operators::MergingAggregate<F>) {
      static_assert(datastream::kNever<F>,
                    "flink: aggregate() over merging windows (sessions) needs merge(accumulator, "
                    "accumulator)");
      return false;
    } else if constexpr (!Serializable<operators::AggregateResultOf<F>>) {
      static_assert(datastream::kNever<F>,
                    "flink: aggregate()'s result cannot be serialized: return a plain struct of "
                    "values (no pointers), or give the class FLINK_FIELDS or a "
                    "flink::TypeSerializer");
      return false;
    } else {
      return true;
    }
  }

  template <class F>
  static auto reducing(F function) {
    using Combiner = operators::ReduceCombiner<F>;
    return operators::CombinedContents<T, Combiner>{{std::move(function)}};
  }

  template <std::size_t Index, class Aggregation>
  auto byIndex(Aggregation aggregation) const {
    return datastream::aggregateByIndex<T, Index>(aggregation, aggregated<Aggregation>());
  }
  template <class Aggregation, class Field>
  auto by(Aggregation aggregation, Field field) const {
    return datastream::aggregateBy<SingleOutputStreamOperator<T>, T>(aggregation, field,
                                                                     aggregated<Aggregation>());
  }
  template <class Aggregation>
  auto aggregated() const {
    return [this](auto combiner) {
      return transformed<T>(Aggregation::kName,
                            operators::CombinedContents<T, decltype(combiner)>{combiner},
                            operators::EmitElements{});
    };
  }

  /// `Element`: what the function gets.
  template <class Given, class Element, class Contents, class F>
  auto called(const char* kind, Contents contents, F function) const {
    using Out = datastream::CollectedType<F, Given>;
    if constexpr (!operators::CallableWindowFunction<F, Key, WindowType, Element, Out>) {
      static_assert(datastream::kNever<F>,
                    "flink: a window function is void f(const Key&, "
                    "flink::ProcessWindowContext<W>&, const flink::Iterable<T>&, "
                    "flink::Collector<R>&) or void f(const Key&, const W&, const "
                    "flink::Iterable<T>&, flink::Collector<R>&); windowAll's have no key");
      return datastream::AfterMistake{};
    } else if constexpr (!Serializable<Out>) {
      static_assert(datastream::kNever<F>,
                    "flink: the window function collects records that cannot be serialized: use a "
                    "plain struct of values (no pointers), or give the class FLINK_FIELDS or a "
                    "flink::TypeSerializer");
      return datastream::AfterMistake{};
    } else {
      return transformed<Out>(kind, std::move(contents),
                              operators::CallWindowFunction<F>{std::move(function)});
    }
  }

  template <class Out, class Contents, class Calls>
  [[nodiscard]] SingleOutputStreamOperator<Out> transformed(const char* kind, Contents contents,
                                                            Calls calls) const {
    if constexpr (std::is_same_v<Evictor, operators::NoEvictor>) {
      return built<Out>(kind, std::move(contents), std::move(calls));
    } else if constexpr (std::is_same_v<Contents, operators::ListContents<T>>) {
      return built<Out>(kind, operators::EvictableContents<T>{}, std::move(calls));
    } else {
      return built<Out>(
          kind, operators::EvictableContents<T>{},
          operators::FoldThenCall<T, Contents, Calls>{std::move(contents), std::move(calls)});
    }
  }

  template <class Out, class Contents, class Calls>
  [[nodiscard]] SingleOutputStreamOperator<Out> built(const char* kind, Contents contents,
                                                      Calls calls) const {
    using Definition =
        operators::WindowDefinition<T, Selector, Assigner, Trigger, Contents, Calls, Out, Evictor>;
    datastream::OperatorSpec spec = datastream::operatorSpec(
        operators::windowOperatorName<Assigner>(), kind,
        operators::makeWindowFactory(Definition{selector_, assigner_, trigger_, std::move(contents),
                                                std::move(calls), evictor_,
                                                settings_.allowedLateness, settings_.lateDataTag}),
        {&typeid(T), &typeid(Key), &typeid(Out)});
    spec.parallel = !std::is_same_v<Selector, datastream::AllKey>;
    auto stream = input_.transform(std::move(spec), datastream::plainCodec<Out>);
    if constexpr (requires { requires Assigner::kNeedsTimestamps; }) {
      stream.requiresTimestamps();
    } else {
      stream.assignsTimestamps();  // results have the time of their window
    }
    return SingleOutputStreamOperator<Out>(std::move(stream));
  }

  datastream::StreamHandle input_;
  Selector selector_;
  Assigner assigner_;
  Trigger trigger_;
  Evictor evictor_;
  Settings settings_;
};

namespace datastream {

template <class T, class Selector, class Assigner>
auto windowed(const StreamHandle& keyed, Selector selector, Assigner assigner) {
  if constexpr (!operators::WindowAssignerFor<Assigner, T>) {
    static_assert(kNever<Assigner>,
                  "flink: window() needs a window assigner for this stream's records, e.g. "
                  "flink::TumblingEventTimeWindows::of(5s)");
    return AfterMistake{};
  } else {
    auto trigger = assigner.getDefaultTrigger();
    return WindowedStream<T, Selector, Assigner, decltype(trigger), operators::NoEvictor>(
        keyed, std::move(selector), std::move(assigner), std::move(trigger), {});
  }
}

template <class T, class Selector>
auto countWindowed(const StreamHandle& keyed, Selector selector, std::int64_t size) {
  return windowed<T>(keyed, std::move(selector), GlobalWindows::create())
      .trigger(PurgingTrigger(CountTrigger::of(size)));
}
template <class T, class Selector>
auto countWindowed(const StreamHandle& keyed, Selector selector, std::int64_t size,
                   std::int64_t slide) {
  return windowed<T>(keyed, std::move(selector), GlobalWindows::create())
      .evictor(CountEvictor::of(size))
      .trigger(CountTrigger::of(slide));
}

}  // namespace datastream

template <class T, class K, class Selector>
template <class Assigner>
auto KeyedStream<T, K, Selector>::window(Assigner assigner) const {
  return datastream::windowed<T>(this->handle(), selector_, std::move(assigner));
}
template <class T, class K, class Selector>
auto KeyedStream<T, K, Selector>::countWindow(std::int64_t size) const {
  return datastream::countWindowed<T>(this->handle(), selector_, size);
}
template <class T, class K, class Selector>
auto KeyedStream<T, K, Selector>::countWindow(std::int64_t size, std::int64_t slide) const {
  return datastream::countWindowed<T>(this->handle(), selector_, size, slide);
}

template <class T>
template <class Assigner>
auto DataStream<T>::windowAll(Assigner assigner) const {
  return keyBy(datastream::AllKey()).window(std::move(assigner));
}
template <class T>
auto DataStream<T>::countWindowAll(std::int64_t size) const {
  return keyBy(datastream::AllKey()).countWindow(size);
}
template <class T>
auto DataStream<T>::countWindowAll(std::int64_t size, std::int64_t slide) const {
  return keyBy(datastream::AllKey()).countWindow(size, slide);
}

}  // namespace flink
