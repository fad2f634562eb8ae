#pragma once

#include <type_traits>
#include <utility>
#include <vector>

#include "api/datastream/keyed_stream.h"
#include "dataflow/operators/broadcast_operator.h"

namespace flink {

/// A stream whose records every subtask of its reader gets, to keep in broadcast state.
template <class B>
class BroadcastStream {
 public:
  BroadcastStream(datastream::StreamHandle handle,
                  std::vector<operators::BroadcastDescriptor> declared)
      : handle_(std::move(handle)), declared_(std::move(declared)) {}
  [[nodiscard]] const datastream::StreamHandle& handle() const { return handle_; }
  [[nodiscard]] const std::vector<operators::BroadcastDescriptor>& declared() const {
    return declared_;
  }

 private:
  datastream::StreamHandle handle_;
  std::vector<operators::BroadcastDescriptor> declared_;
};

/// A stream, with keys or not, beside a broadcast one.
template <class A, class B, class Keys>
class BroadcastConnectedStream {
 public:
  BroadcastConnectedStream(datastream::StreamHandle first, BroadcastStream<B> second, Keys keys)
      : first_(std::move(first)), second_(std::move(second)), keys_(std::move(keys)) {}

  /// A BroadcastProcessFunction or, with keys, a KeyedBroadcastProcessFunction.
  template <class Given = datastream::Unknown, class F>
  auto process(F function) const {
    using Out = datastream::CollectedType<F, Given>;
    datastream::checkFunction<F>();
    if constexpr (datastream::kWrongKey<F, Keys>) {
      static_assert(datastream::kNever<F>,
                    "flink: a KeyedBroadcastProcessFunction<K, ..> works on a first stream with "
                    "keys of type K: call keyBy() on it first");
      return datastream::AfterMistake{};
    } else if constexpr (!operators::CallableBroadcastProcess<F, A, B, Out, Keys>) {
      static_assert(datastream::kNever<F>,
                    "flink: process() of a stream connected to a broadcast one needs a "
                    "flink::BroadcastProcessFunction<A, B, R> or, with keys, a "
                    "flink::KeyedBroadcastProcessFunction<K, A, B, R>");
      return datastream::AfterMistake{};
    } else {
      static_assert(Serializable<Out>,
                    "flink: a broadcast process() collects records that cannot be serialized");
      constexpr bool kKeyed = !std::is_same_v<Keys, operators::NoKeys>;
      return SingleOutputStreamOperator<Out>(first_.transform(
          second_.handle(),
          datastream::operatorSpec(kKeyed ? "Co-Process-Broadcast-Keyed" : "Co-Process-Broadcast",
                                   "broadcastProcess",
                                   operators::makeBroadcastFactory<A, B, Out>(
                                       std::move(function), keys_, second_.declared()),
                                   {&typeid(A), &typeid(B), &typeid(Out)}),
          datastream::plainCodec<Out>));
    }
  }

 private:
  datastream::StreamHandle first_;
  BroadcastStream<B> second_;
  Keys keys_;
};

template <class T>
template <class... K, class... V>
BroadcastStream<T> DataStream<T>::broadcast(const MapStateDescriptor<K, V>&... descriptors) const {
  static_assert(sizeof...(K) > 0);
  return {broadcast().handle(), {operators::broadcastDescriptor(descriptors)...}};
}

template <class T>
template <class B>
auto DataStream<T>::connect(const BroadcastStream<B>& other) const {
  return BroadcastConnectedStream<T, B, operators::NoKeys>(handle_, other, {});
}

template <class T, class K, class Selector>
template <class B>
auto KeyedStream<T, K, Selector>::connect(const BroadcastStream<B>& other) const {
  return BroadcastConnectedStream<T, B, operators::KeyedBy<K, Selector>>(this->handle(), other,
                                                                         keys());
}

}  // namespace flink
