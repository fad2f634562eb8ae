#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "api/datastream/after_mistake.h"
#include "api/datastream/closeable_iterator.h"
#include "api/datastream/data_stream_sink.h"
#include "api/datastream/signature.h"
#include "api/datastream/stream_handle.h"
#include "connectors/file/text_sink.h"
#include "core/types/serializer.h"
#include "dataflow/operators/factories.h"

namespace flink {

template <class T>
class SingleOutputStreamOperator;
template <class A, class B, class KeysA = operators::NoKeys, class KeysB = operators::NoKeys>
class ConnectedStreams;
template <class B>
class BroadcastStream;
template <class A, class B>
class JoinedStreams;
template <class A, class B>
class CoGroupedStreams;

namespace datastream {

/// The codec of all edges of T that need no key.
template <class T>
CodecPtr plainCodec() {
  static const CodecPtr codec = operators::makeEdgeCodec<T>();
  return codec;
}

/// The records that most programs have somewhere: compiled once, here.
extern template CodecPtr plainCodec<std::string>();
extern template CodecPtr plainCodec<std::int64_t>();

OperatorSpec operatorSpec(const char* name, const char* kind, operators::FactoryPtr factory,
                          std::initializer_list<const std::type_info*> types,
                          OperatorRole role = OperatorRole::kOperator);

/// Refuses functions whose state would be forgotten.
template <class F>
consteval void checkFunction() {
  static_assert(!operators::kForgotCheckpointedFunction<F>,
                "flink: the function has snapshotState() or initializeState() but is no "
                "flink::CheckpointedFunction, so they would never be called: derive from it");
}

/// Whether a function names the type of its keys, and it is another one than the stream's.
template <class F, class Keys>
consteval bool wrongKey() {
  if constexpr (!requires { typename F::KeyOfFunction; }) {
    return false;
  } else if constexpr (!requires { typename Keys::Key; }) {
    return true;
  } else {
    return !std::is_same_v<typename F::KeyOfFunction, typename Keys::Key>;
  }
}
template <class F, class Keys>
inline constexpr bool kWrongKey = wrongKey<F, Keys>();

}  // namespace datastream

/// A stream of records of T: what an operator of a program emits. Every transformation gives a new
/// stream; nothing runs before execute(). Functions are copied; every subtask works on a copy of
/// its own.
/// Thread: the program's.
template <class T>
class DataStream {
 public:
  using Record = T;
  explicit DataStream(datastream::StreamHandle handle) : handle_(std::move(handle)) {}

  // --- transformations -------------------------------------------------------------------------

  /// `R f(const T&)`, or a MapFunction.
  template <class F>
  auto map(F function) const {
    return mapAs(std::move(function), operators::NoKeys{});
  }

  /// `void f(const T&, Collector<R>&)`, or a FlatMapFunction. flatMap<R>(f) when f is a generic
  /// lambda.
  template <class Given = datastream::Unknown, class F>
  auto flatMap(F function) const {
    return flatMapAs<Given>(std::move(function), operators::NoKeys{});
  }

  /// `bool f(const T&)`, or a FilterFunction.
  template <class F>
  auto filter(F function) const {
    return filterAs(std::move(function), operators::NoKeys{});
  }

  /// `void f(RecordIterator<T>&, Collector<R>&)`, called once per subtask when its input has ended.
  template <class Given = datastream::Unknown, class F>
  auto mapPartition(F function) const {
    using Out = datastream::CollectedType<F, Given>;
    if constexpr (!operators::CallableMapPartition<F, T, Out> || !Serializable<Out>) {
      static_assert(datastream::kNever<F>,
                    "flink: mapPartition() needs void f(flink::RecordIterator<T>&, "
                    "flink::Collector<R>&) with a "
                    "serializable R");
      return datastream::AfterMistake{};
    } else {
      return transformed<Out>("MapPartition", "mapPartition",
                              operators::makeMapPartitionFactory<T, Out>(std::move(function)));
    }
  }

  /// `void f(const T&, ProcessContext&, Collector<R>&)`, or a ProcessFunction; its context writes
  /// to side outputs.
  template <class Given = datastream::Unknown, class F>
  auto process(F function) const {
    return processAs<Given>("Process", std::move(function), operators::NoKeys{});
  }

  /// Gives records event time: timestamps, and watermarks that say how far it is. Also takes an
  /// older AssignerWithPeriodicWatermarks or AssignerWithPunctuatedWatermarks.
  template <class Strategy>
  auto assignTimestampsAndWatermarks(Strategy strategy) const {
    if constexpr (std::is_same_v<Strategy, WatermarkStrategy<T>>) {
      auto stream = transformed<T>("Timestamps/Watermarks", "assignTimestampsAndWatermarks",
                                   operators::makeWatermarksFactory<T>(std::move(strategy)));
      stream.handle().assignsTimestamps();
      return stream;
    } else if constexpr (operators::TimestampAssigner<Strategy, T>) {
      return assignTimestampsAndWatermarks(operators::strategyOf<T>(std::move(strategy)));
    } else {
      static_assert(
          datastream::kNever<Strategy>,
          "flink: assignTimestampsAndWatermarks() needs a flink::WatermarkStrategy of this "
          "stream's record type");
      return datastream::AfterMistake{};
    }
  }

  // --- combining -------------------------------------------------------------------------------

  template <class... Others>
  auto union_(const Others&... others) const {
    if constexpr (!(std::derived_from<Others, DataStream<T>> && ...)) {
      static_assert(
          datastream::kNever<T>,
          "flink: union_() takes streams of the same record type; map() them alike first");
      return datastream::AfterMistake{};
    } else {
      return DataStream<T>(
          handle_.unitedWith({&static_cast<const DataStream<T>&>(others).handle()...}));
    }
  }

  template <class B>
  [[nodiscard]] ConnectedStreams<T, B> connect(const DataStream<B>& other) const;
  template <class B>
  [[nodiscard]] auto connect(const BroadcastStream<B>& other) const;

  /// Joins both streams by key and window: left.join(right).where(f).equalTo(g).window(w).apply(h).
  template <class B>
  [[nodiscard]] JoinedStreams<T, B> join(const DataStream<B>& other) const;
  /// The same with all elements of both sides at once.
  template <class B>
  [[nodiscard]] CoGroupedStreams<T, B> coGroup(const DataStream<B>& other) const;

  // --- windows over all records, in one subtask ------------------------------------------------

  template <class Assigner>
  auto windowAll(Assigner assigner) const;
  /// Windows of `size` elements.
  [[nodiscard]] auto countWindowAll(std::int64_t size) const;
  /// The last `size` elements, every `slide` elements.
  [[nodiscard]] auto countWindowAll(std::int64_t size, std::int64_t slide) const;

  // --- partitioning ----------------------------------------------------------------------------

  /// Partitions by what the selector returns for a record: `K f(const T&)`, `&T::member` or a
  /// KeySelector.
  template <class F>
  auto keyBy(F selector) const;

  [[nodiscard]] DataStream rebalance() const {
    return partitioned(protocol::ShipStrategy::kRebalance);
  }
  [[nodiscard]] DataStream rescale() const { return partitioned(protocol::ShipStrategy::kRescale); }
  [[nodiscard]] DataStream shuffle() const { return partitioned(protocol::ShipStrategy::kShuffle); }
  [[nodiscard]] DataStream broadcast() const {
    return partitioned(protocol::ShipStrategy::kBroadcast);
  }
  /// With <flink/state.h>: every subtask of the reader gets all records and keeps what they say in
  /// the maps that the descriptors name: events.connect(rules.broadcast(descriptor)).process(f).
  template <class... K, class... V>
  [[nodiscard]] BroadcastStream<T> broadcast(const MapStateDescriptor<K, V>&... descriptors) const;
  [[nodiscard]] DataStream global() const { return partitioned(protocol::ShipStrategy::kGlobal); }
  [[nodiscard]] DataStream forward() const { return partitioned(protocol::ShipStrategy::kForward); }
  /// `int partitioner(const K& key, int numPartitions)` gives the receiving subtask.
  template <class P, class F>
  auto partitionCustom(P partitioner, F selector) const {
    auto f = datastream::asCallable(std::move(selector));
    using Selector = decltype(f);
    if constexpr (!operators::CallableKeySelector<Selector, T>) {
      static_assert(datastream::kNever<F>,
                    "flink: partitionCustom()'s selector does not take this stream's records");
      return datastream::AfterMistake{};
    } else if constexpr (!operators::CallablePartitioner<P, operators::KeyOf<Selector, T>>) {
      static_assert(datastream::kNever<P>,
                    "flink: partitionCustom() needs a partitioner of a key and a number: int "
                    "f(const K&, int numPartitions)");
      return datastream::AfterMistake{};
    } else {
      return DataStream(handle_.partitioned(
          protocol::ShipStrategy::kCustom,
          operators::makeCustomEdgeCodec<T>(std::move(partitioner), std::move(f))));
    }
  }

  // --- only on keyed streams -------------------------------------------------------------------

  template <auto... Index, class... Arguments>
  auto sum(Arguments&&... /*field*/) const {
    return needsKey<Arguments...>();
  }
  template <auto... Index, class... Arguments>
  auto min(Arguments&&... /*field*/) const {
    return needsKey<Arguments...>();
  }
  template <auto... Index, class... Arguments>
  auto max(Arguments&&... /*field*/) const {
    return needsKey<Arguments...>();
  }
  template <auto... Index, class... Arguments>
  auto minBy(Arguments&&... /*field*/) const {
    return needsKey<Arguments...>();
  }
  template <auto... Index, class... Arguments>
  auto maxBy(Arguments&&... /*field*/) const {
    return needsKey<Arguments...>();
  }
  template <class... Arguments>
  auto reduce(Arguments&&... /*function*/) const {
    return needsKey<Arguments...>();
  }

  // --- sinks -----------------------------------------------------------------------------------

  /// Writes a line per record to the workers' standard output: `label:subtask> record`.
  DataStreamSink<T> print(std::string label = "") const {  // NOLINT(modernize-use-nodiscard)
    return addSinkOperator("Print to Std. Out", "print",
                           operators::makePrintSinkFactory<T>(std::move(label)));
  }
  DataStreamSink<T> printToErr(std::string label = "") const {  // NOLINT(modernize-use-nodiscard)
    return addSinkOperator("Print to Std. Err", "print",
                           operators::makePrintSinkFactory<T>(std::move(label), true));
  }

  /// Writes a line per record into a file or, above parallelism 1, into the files 1, 2, .. of a
  /// directory. A relative path begins where the client is.
  DataStreamSink<T> writeAsText(std::string path,
                                WriteMode mode = WriteMode::kNoOverwrite) const {  // NOLINT
    auto sink = std::make_shared<const connectors::TextSink<T>>(std::move(path), mode);
    return addSinkOperator("Unnamed", "writeAsText",
                           operators::makeSinkFactory<T>(std::move(sink)));
  }

  /// `void f(const T&)`, or a SinkFunction; a Sink goes to sinkTo().
  template <class F>
  auto addSink(F function) const {
    return addSinkAs(std::move(function), operators::NoKeys{});
  }

  /// A Sink<T>, by value or shared.
  template <class S>
  auto sinkTo(S sink) const {
    if constexpr (std::derived_from<S, Sink<T>>) {
      return sinkTo(std::make_shared<const S>(std::move(sink)));
    } else if constexpr (!std::convertible_to<S, std::shared_ptr<const Sink<T>>>) {
      static_assert(datastream::kNever<S>,
                    "flink: sinkTo() needs a flink::Sink of this stream's record type");
      return datastream::AfterMistake{};
    } else {
      handle_.graph().skipIds(2);
      return newSink("Sink", "sinkTo", operators::makeSinkFactory<T>(std::move(sink)),
                     datastream::OperatorRole::kSinkWriter);
    }
  }

  /// Runs the program so far as a job and gives this stream's records as they arrive.
  [[nodiscard]] CloseableIterator<T> executeAndCollect(
      const std::string& jobName = "DataStream Collect") const {
    const std::string collectId = handle_.graph().nextCollectId();
    (void)addSinkOperator("Data stream collect sink", "collect",
                          operators::makeCollectSinkFactory<T>(collectId));
    return {handle_.executeAsync(jobName), collectId};
  }
  /// At most `limit` records; then the job is cancelled.
  [[nodiscard]] std::vector<T> executeAndCollect(
      std::size_t limit, const std::string& jobName = "DataStream Collect") const {
    std::vector<T> records;
    auto iterator = executeAndCollect(jobName);
    while (records.size() < limit && iterator.hasNext()) records.push_back(iterator.next());
    return records;
  }

  [[nodiscard]] const datastream::StreamHandle& handle() const { return handle_; }

 protected:
  template <class Out>
  [[nodiscard]] SingleOutputStreamOperator<Out> transformed(const char* name, const char* kind,
                                                            operators::FactoryPtr factory) const {
    return SingleOutputStreamOperator<Out>(handle_.transform(
        datastream::operatorSpec(name, kind, std::move(factory), {&typeid(T), &typeid(Out)}),
        datastream::plainCodec<Out>));
  }

  // The transformations for a stream with or without keys.

  template <class F, class Keys>
  auto mapAs(F function, Keys keys) const {
    datastream::checkFunction<F>();
    auto f = datastream::asCallable(std::move(function));
    using Function = decltype(f);
    if constexpr (!operators::CallableMap<Function, T>) {
      static_assert(datastream::kNever<F>,
                    "flink: map() needs a function of one record of this stream: R f(const T&)");
      return datastream::AfterMistake{};
    } else if constexpr (std::is_void_v<decltype(operators::callMap(std::declval<Function&>(),
                                                                    std::declval<T&>()))>) {
      static_assert(datastream::kNever<F>,
                    "flink: map()'s function returns nothing; to emit none or several records use "
                    "flatMap() or filter()");
      return datastream::AfterMistake{};
    } else if constexpr (!Serializable<operators::MapResult<Function, T>>) {
      static_assert(datastream::kNever<F>,
                    "flink: map()'s result cannot be serialized: return a plain struct of values "
                    "(no pointers), or give "
                    "the class FLINK_FIELDS or a flink::TypeSerializer");
      return datastream::AfterMistake{};
    } else {
      using Out = operators::MapResult<Function, T>;
      return transformed<Out>("Map", "map",
                              operators::makeMapFactory<T>(std::move(f), std::move(keys)));
    }
  }

  template <class Given, class F, class Keys>
  auto flatMapAs(F function, Keys keys) const {
    datastream::checkFunction<F>();
    using Out = datastream::CollectedType<F, Given>;
    if constexpr (std::is_same_v<Out, datastream::Unknown>) {
      static_assert(datastream::kNever<F>,
                    "flink: flatMap() needs a function with a collector: void f(const T&, "
                    "flink::Collector<R>&); for a "
                    "generic lambda write flatMap<R>(f)");
      return datastream::AfterMistake{};
    } else if constexpr (!Serializable<Out>) {
      static_assert(datastream::kNever<F>,
                    "flink: flatMap() collects records that cannot be serialized: use a plain "
                    "struct of values (no "
                    "pointers), or give the class FLINK_FIELDS or a flink::TypeSerializer");
      return datastream::AfterMistake{};
    } else if constexpr (!operators::CallableFlatMap<F, T, Out>) {
      static_assert(datastream::kNever<F>,
                    "flink: flatMap()'s function does not take this stream's records: void f(const "
                    "T&, flink::Collector<R>&)");
      return datastream::AfterMistake{};
    } else {
      return transformed<Out>(
          "Flat Map", "flatMap",
          operators::makeFlatMapFactory<T, Out>(std::move(function), std::move(keys)));
    }
  }

  template <class F, class Keys>
  auto filterAs(F function, Keys keys) const {
    datastream::checkFunction<F>();
    auto f = datastream::asCallable(std::move(function));
    using Function = decltype(f);
    if constexpr (!operators::CallableFilter<Function, T>) {
      static_assert(datastream::kNever<F>,
                    "flink: filter() needs a function of one record of this stream that returns "
                    "bool: bool f(const T&)");
      return datastream::AfterMistake{};
    } else {
      return transformed<T>("Filter", "filter",
                            operators::makeFilterFactory<T>(std::move(f), std::move(keys)));
    }
  }

  template <class F, class Keys>
  auto addSinkAs(F function, Keys keys) const {
    datastream::checkFunction<F>();
    if constexpr (std::derived_from<F, Sink<T>>) {
      return sinkTo(std::move(function));
    } else if constexpr (!operators::CallableSink<F, T>) {
      static_assert(
          datastream::kNever<F>,
          "flink: addSink() needs a function of one record of this stream: void f(const T&)");
      return datastream::AfterMistake{};
    } else if constexpr (!std::is_void_v<decltype(operators::callSink(std::declval<F&>(),
                                                                      std::declval<const T&>()))>) {
      static_assert(datastream::kNever<F>,
                    "flink: addSink()'s function returns a value, which nobody takes; return void");
      return datastream::AfterMistake{};
    } else {
      return addSinkOperator(
          "Unnamed", "addSink",
          operators::makeSinkFunctionFactory<T>(std::move(function), std::move(keys)));
    }
  }

  template <class Given, class F, class Keys>
  auto processAs(const char* name, F function, Keys keys) const {
    using Out = datastream::CollectedType<F, Given>;
    datastream::checkFunction<F>();
    if constexpr (datastream::kWrongKey<F, Keys>) {
      static_assert(datastream::kNever<F>,
                    "flink: a KeyedProcessFunction<K, ..> works on a stream with keys of type K: "
                    "call keyBy() first");
      return datastream::AfterMistake{};
    } else if constexpr (!operators::CallableProcess<F, T, Out, Keys>) {
      static_assert(datastream::kNever<F>,
                    "flink: process() needs void f(const T&, flink::ProcessContext&, "
                    "flink::Collector<R>&) or a "
                    "flink::ProcessFunction<T, R>");
      return datastream::AfterMistake{};
    } else if constexpr (!Serializable<Out>) {
      static_assert(datastream::kNever<F>,
                    "flink: process() collects records that cannot be serialized: use a plain "
                    "struct of values (no "
                    "pointers), or give the class FLINK_FIELDS or a flink::TypeSerializer");
      return datastream::AfterMistake{};
    } else {
      return transformed<Out>(
          name, "process",
          operators::makeProcessFactory<T, Out>(std::move(function), std::move(keys)));
    }
  }

  [[nodiscard]] DataStreamSink<T> addSinkOperator(const char* name, const char* kind,
                                                  operators::FactoryPtr factory) const {
    return newSink(name, kind, std::move(factory), datastream::OperatorRole::kSink);
  }

 private:
  [[nodiscard]] DataStream partitioned(protocol::ShipStrategy strategy) const {
    return DataStream(handle_.partitioned(strategy, datastream::plainCodec<T>()));
  }

  [[nodiscard]] DataStreamSink<T> newSink(const char* name, const char* kind,
                                          operators::FactoryPtr factory,
                                          datastream::OperatorRole role) const {
    return DataStreamSink<T>(handle_, handle_.sink(datastream::operatorSpec(
                                          name, kind, std::move(factory), {&typeid(T)}, role)));
  }

  template <class... Arguments>
  static auto needsKey() {
    static_assert(sizeof...(Arguments) > 1000 && datastream::kNever<T>,
                  "flink: sum, min, max and reduce work per key: call keyBy() first");
    return datastream::AfterMistake{};
  }

  datastream::StreamHandle handle_;
};

}  // namespace flink
