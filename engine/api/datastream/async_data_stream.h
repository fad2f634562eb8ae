#pragma once

#include <chrono>
#include <utility>

#include "api/datastream/single_output_stream_operator.h"
#include "dataflow/operators/async_operator.h"

namespace flink {

namespace datastream {
/// Throws FlinkException for a capacity below 1 or a negative timeout.
void checkAsyncSettings(std::int64_t timeoutMs, std::int64_t capacity);
}  // namespace datastream

/// Calls to the outside that the stream does not wait for one by one. `function` is an
/// AsyncFunction or `void f(const T&, ResultFuture<R>)`; it starts a call and returns. At most
/// `capacity` calls are on their way; one without a result within `timeout` fails the job, unless
/// the function says otherwise (timeout 0: no limit). Records without a result are part of
/// checkpoints.
struct AsyncDataStream {
  /// Results come in the order of the records.
  template <class T, class F>
  static auto orderedWait(const DataStream<T>& stream, F function,
                          std::chrono::milliseconds timeout, std::int64_t capacity = 100) {
    return wait(stream, std::move(function), timeout, capacity, true, {});
  }
  /// Results come when they are there, but not past a watermark.
  template <class T, class F>
  static auto unorderedWait(const DataStream<T>& stream, F function,
                            std::chrono::milliseconds timeout, std::int64_t capacity = 100) {
    return wait(stream, std::move(function), timeout, capacity, false, {});
  }
  /// The same with calls made again as `strategy` says, all within `timeout`.
  template <class T, class F, class Out>
  static auto orderedWaitWithRetry(const DataStream<T>& stream, F function,
                                   std::chrono::milliseconds timeout, std::int64_t capacity,
                                   AsyncRetryStrategy<Out> strategy) {
    return wait(stream, std::move(function), timeout, capacity, true, std::move(strategy));
  }
  template <class T, class F, class Out>
  static auto unorderedWaitWithRetry(const DataStream<T>& stream, F function,
                                     std::chrono::milliseconds timeout, std::int64_t capacity,
                                     AsyncRetryStrategy<Out> strategy) {
    return wait(stream, std::move(function), timeout, capacity, false, std::move(strategy));
  }

 private:
  template <class T, class F>
  static auto wait(const DataStream<T>& stream, F function, std::chrono::milliseconds timeout,
                   std::int64_t capacity, bool ordered,
                   AsyncRetryStrategy<datastream::CollectedType<F>> retry) {
    using Out = datastream::CollectedType<F>;
    datastream::checkFunction<F>();
    if constexpr (!operators::CallableAsync<F, T, Out>) {
      static_assert(datastream::kNever<F>,
                    "flink: asynchronous calls need a flink::AsyncFunction<T, R> of this stream's "
                    "records or void f(const T&, flink::ResultFuture<R>)");
      return datastream::AfterMistake{};
    } else {
      static_assert(Serializable<Out>,
                    "flink: the result of an asynchronous call cannot be serialized");
      datastream::checkAsyncSettings(timeout.count(), capacity);
      operators::AsyncSettings<Out> settings;
      settings.ordered = ordered;
      settings.timeoutMs = timeout.count();
      settings.capacity = static_cast<std::size_t>(capacity);
      settings.retry = std::move(retry);
      return SingleOutputStreamOperator<Out>(stream.handle().transform(
          datastream::operatorSpec(
              "async wait operator", "asyncWait",
              operators::makeAsyncFactory<T, Out>(std::move(function), std::move(settings)),
              {&typeid(T), &typeid(Out)}),
          datastream::plainCodec<Out>));
    }
  }
};

}  // namespace flink
