#pragma once

#include <chrono>
#include <limits>
#include <utility>

#include "api/datastream/keyed_stream.h"
#include "dataflow/operators/interval_join_operator.h"

namespace flink {

namespace datastream {
/// Throws FlinkException where the bounds are none: "Lower bound needs to be less than or equal to
/// upper bound".
void checkJoinBounds(std::int64_t lowerMs, std::int64_t upperMs);
}  // namespace datastream

/// An interval join with its bounds: a pair's right timestamp lies between left + lower and
/// left + upper.
template <class A, class B, class KeysA, class KeysB>
class IntervalJoined {
 public:
  IntervalJoined(datastream::StreamHandle left, datastream::StreamHandle right, KeysA leftKeys,
                 KeysB rightKeys, std::int64_t lowerMs, std::int64_t upperMs)
      : left_(std::move(left)),
        right_(std::move(right)),
        leftKeys_(std::move(leftKeys)),
        rightKeys_(std::move(rightKeys)),
        lower_(lowerMs),
        upper_(upperMs) {}

  IntervalJoined& lowerBoundExclusive() { return lowerInclusive_ = false, *this; }
  IntervalJoined& upperBoundExclusive() { return upperInclusive_ = false, *this; }
  /// Records that are behind event time when they come are not joined; here they come out.
  IntervalJoined& sideOutputLeftLateData(OutputTag<A> tag) {
    return lateLeft_ = std::move(tag), *this;
  }
  IntervalJoined& sideOutputRightLateData(OutputTag<B> tag) {
    return lateRight_ = std::move(tag), *this;
  }

  /// `void f(const A&, const B&, JoinContext&, Collector<R>&)`, or a ProcessJoinFunction.
  template <class Given = datastream::Unknown, class F>
  auto process(F function) const {
    using Out = datastream::CollectedType<F, Given>;
    datastream::checkFunction<F>();
    if constexpr (!operators::CallableProcessJoin<F, A, B, Out>) {
      static_assert(datastream::kNever<F>,
                    "flink: process() of an interval join needs void f(const A&, const B&, "
                    "flink::JoinContext&, flink::Collector<R>&) or a "
                    "flink::ProcessJoinFunction<A, B, R>");
      return datastream::AfterMistake{};
    } else {
      static_assert(Serializable<Out>,
                    "flink: an interval join collects records that cannot be serialized");
      operators::IntervalJoinSettings<A, B> settings;
      settings.lower = lowerInclusive_ ? lower_ : lower_ + 1;
      settings.upper = upperInclusive_ ? upper_ : upper_ - 1;
      settings.lateLeft = lateLeft_;
      settings.lateRight = lateRight_;
      datastream::checkJoinBounds(settings.lower, settings.upper);
      auto stream =
          left_.transform(right_,
                          datastream::operatorSpec(
                              "Interval Join", "intervalJoin",
                              operators::makeIntervalJoinFactory<A, B, Out>(
                                  std::move(function), leftKeys_, rightKeys_, std::move(settings)),
                              {&typeid(A), &typeid(B), &typeid(Out)}),
                          datastream::plainCodec<Out>);
      stream.requiresTimestamps();
      return SingleOutputStreamOperator<Out>(std::move(stream));
    }
  }

 private:
  datastream::StreamHandle left_;
  datastream::StreamHandle right_;
  KeysA leftKeys_;
  KeysB rightKeys_;
  std::int64_t lower_;
  std::int64_t upper_;
  bool lowerInclusive_ = true;
  bool upperInclusive_ = true;
  std::optional<OutputTag<A>> lateLeft_;
  std::optional<OutputTag<B>> lateRight_;
};

/// Two keyed streams about to be joined by the distance of their records in event time.
template <class A, class B, class KeysA, class KeysB>
class IntervalJoin {
 public:
  IntervalJoin(datastream::StreamHandle left, datastream::StreamHandle right, KeysA leftKeys,
               KeysB rightKeys)
      : left_(std::move(left)),
        right_(std::move(right)),
        leftKeys_(std::move(leftKeys)),
        rightKeys_(std::move(rightKeys)) {}

  /// Both bounds are included; see IntervalJoined. Throws unless lower <= upper.
  [[nodiscard]] IntervalJoined<A, B, KeysA, KeysB> between(std::chrono::milliseconds lower,
                                                           std::chrono::milliseconds upper) const {
    datastream::checkJoinBounds(lower.count(), upper.count());
    return {left_, right_, leftKeys_, rightKeys_, lower.count(), upper.count()};
  }

 private:
  datastream::StreamHandle left_;
  datastream::StreamHandle right_;
  KeysA leftKeys_;
  KeysB rightKeys_;
};

template <class T, class K, class Selector>
template <class B, class OtherSelector>
auto KeyedStream<T, K, Selector>::intervalJoin(
    const KeyedStream<B, K, OtherSelector>& other) const {
  return IntervalJoin<T, B, operators::KeyedBy<K, Selector>, operators::KeyedBy<K, OtherSelector>>(
      this->handle(), other.handle(), keys(), other.keys());
}

}  // namespace flink
