#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>

#include "api/datastream/windowed_stream.h"
#include "dataflow/operators/windowing/co_group_calls.h"

namespace flink {

namespace datastream {

/// The last step of a window join or coGroup: how windows work and what becomes of them. Kind: Join
/// or CoGroup, below.
template <class A, class B, class Kind, class Windowed>
class TwoStreamWindows {
 public:
  explicit TwoStreamWindows(Windowed windowed) : windowed_(std::move(windowed)) {}

  // As on a WindowedStream of operators::TaggedUnion<A, B>.
  template <class Trigger>
  auto trigger(Trigger trigger) const {
    return over(windowed_.trigger(std::move(trigger)));
  }
  template <class Evictor>
  auto evictor(Evictor evictor) const {
    return over(windowed_.evictor(std::move(evictor)));
  }
  [[nodiscard]] auto allowedLateness(std::chrono::milliseconds lateness) const {
    return over(windowed_.allowedLateness(lateness));
  }

  /// join: `R f(const A&, const B&)` or `void f(const A&, const B&, Collector<R>&)`, a JoinFunction
  /// or a FlatJoinFunction, for every pair. coGroup: `void f(const Iterable<A>&, const
  /// Iterable<B>&, Collector<R>&)` or a CoGroupFunction, for every key.
  template <class Given = Unknown, class F>
  auto apply(F function) const {
    using Out = typename Kind::template Result<F, A, B, Given>;
    if constexpr (std::is_same_v<Out, Unknown>) {
      static_assert(kNever<F>,
                    "flink: the function of a window join or coGroup takes neither a "
                    "pair (const A&, const B&) nor both sides (const "
                    "flink::Iterable<A>&, const flink::Iterable<B>&, "
                    "flink::Collector<R>&)");
      return AfterMistake{};
    } else if constexpr (!Serializable<Out>) {
      static_assert(kNever<F>,
                    "flink: the function of a window join or coGroup makes records that cannot be "
                    "serialized: use a plain struct of values (no pointers), or give the class "
                    "FLINK_FIELDS or a flink::TypeSerializer");
      return AfterMistake{};
    } else {
      auto coGrouped = Kind::coGrouped(std::move(function));
      return windowed_.template withCalls<Out>(
          Kind::kName, operators::CoGroupCalls<A, B, decltype(coGrouped)>{std::move(coGrouped)});
    }
  }

 private:
  template <class NewWindowed>
  static auto over(NewWindowed windowed) {
    if constexpr (std::is_same_v<NewWindowed, AfterMistake>) {
      return windowed;
    } else {
      return TwoStreamWindows<A, B, Kind, NewWindowed>(std::move(windowed));
    }
  }

  Windowed windowed_;
};

struct CoGroup {
  static constexpr const char* kName = "coGroup";
  template <class F, class A, class B, class Given>
  using Result = std::conditional_t<operators::CallableCoGroup<F, A, B, CollectedType<F, Given>>,
                                    CollectedType<F, Given>, Unknown>;
  template <class F>
  static F coGrouped(F function) {
    return function;
  }
};

struct Join {
  static constexpr const char* kName = "join";
  template <class F, class A, class B, class Given>
  static auto resultOf() {
    if constexpr (operators::CallableJoin<F, A, B>) {
      return std::type_identity<operators::JoinResult<F, A, B>>{};
    } else if constexpr (operators::CallableFlatJoin<F, A, B, CollectedType<F, Given>>) {
      return std::type_identity<CollectedType<F, Given>>{};
    } else {
      return std::type_identity<Unknown>{};
    }
  }
  template <class F, class A, class B, class Given>
  using Result = typename decltype(resultOf<F, A, B, Given>())::type;
  template <class F>
  static operators::JoinPairs<F> coGrouped(F function) {
    return {std::move(function)};
  }
};

/// Both keys are known.
template <class A, class B, class Kind, class SelectorA, class SelectorB>
class KeyedTwoStreams {
 public:
  KeyedTwoStreams(DataStream<A> first, DataStream<B> second, SelectorA a, SelectorB b)
      : first_(std::move(first)),
        second_(std::move(second)),
        selector_{std::move(a), std::move(b)} {}

  template <class Assigner>
  auto window(Assigner assigner) const {
    using Union = operators::TaggedUnion<A, B>;
    auto windowed =
        first_.map([](A record) { return Union::ofOne(std::move(record)); })
            .union_(second_.map([](B record) { return Union::ofTwo(std::move(record)); }))
            .keyBy(selector_)
            .window(std::move(assigner));
    if constexpr (std::is_same_v<decltype(windowed), AfterMistake>) {
      return windowed;
    } else {
      return TwoStreamWindows<A, B, Kind, decltype(windowed)>(std::move(windowed));
    }
  }

 private:
  DataStream<A> first_;
  DataStream<B> second_;
  operators::UnionKeySelector<A, B, SelectorA, SelectorB> selector_;
};

/// The first key is known.
template <class A, class B, class Kind, class SelectorA>
class HalfKeyedTwoStreams {
 public:
  HalfKeyedTwoStreams(DataStream<A> first, DataStream<B> second, SelectorA selector)
      : first_(std::move(first)), second_(std::move(second)), selector_(std::move(selector)) {}

  /// The second stream's key, of the same type.
  template <class F>
  auto equalTo(F selector) const {
    auto f = asCallable(std::move(selector));
    using SelectorB = decltype(f);
    if constexpr (!operators::CallableKeySelector<SelectorB, B>) {
      static_assert(kNever<F>,
                    "flink: equalTo() needs a function of one record of the second stream that "
                    "returns its key: K f(const B&)");
      return AfterMistake{};
    } else if constexpr (!std::same_as<operators::KeyOf<SelectorA, A>,
                                       operators::KeyOf<SelectorB, B>>) {
      static_assert(kNever<F>, "flink: where() and equalTo() must return the same key type");
      return AfterMistake{};
    } else {
      return KeyedTwoStreams<A, B, Kind, SelectorA, SelectorB>(first_, second_, selector_,
                                                               std::move(f));
    }
  }

 private:
  DataStream<A> first_;
  DataStream<B> second_;
  SelectorA selector_;
};

template <class A, class B, class Kind>
class TwoStreams {
 public:
  TwoStreams(DataStream<A> first, DataStream<B> second)
      : first_(std::move(first)), second_(std::move(second)) {}

  /// The first stream's key.
  template <class F>
  auto where(F selector) const {
    auto f = asCallable(std::move(selector));
    if constexpr (!operators::CallableKeySelector<decltype(f), A>) {
      static_assert(kNever<F>,
                    "flink: where() needs a function of one record of the first stream that "
                    "returns its key: K f(const A&)");
      return AfterMistake{};
    } else {
      return HalfKeyedTwoStreams<A, B, Kind, decltype(f)>(first_, second_, std::move(f));
    }
  }

 private:
  DataStream<A> first_;
  DataStream<B> second_;
};

}  // namespace datastream

/// Two streams to be joined: where(), equalTo(), window(), apply().
template <class A, class B>
class JoinedStreams : public datastream::TwoStreams<A, B, datastream::Join> {
 public:
  using datastream::TwoStreams<A, B, datastream::Join>::TwoStreams;
};

/// Two streams to be brought together: where(), equalTo(), window(), apply().
template <class A, class B>
class CoGroupedStreams : public datastream::TwoStreams<A, B, datastream::CoGroup> {
 public:
  using datastream::TwoStreams<A, B, datastream::CoGroup>::TwoStreams;
};

template <class T>
template <class B>
JoinedStreams<T, B> DataStream<T>::join(const DataStream<B>& other) const {
  return JoinedStreams<T, B>(*this, other);
}

template <class T>
template <class B>
CoGroupedStreams<T, B> DataStream<T>::coGroup(const DataStream<B>& other) const {
  return CoGroupedStreams<T, B>(*this, other);
}

}  // namespace flink
