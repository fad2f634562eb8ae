#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "api/datastream/checkpoint_config.h"
#include "api/datastream/connected_streams.h"
#include "api/datastream/execution_config.h"
#include "api/datastream/job_client.h"
#include "api/datastream/parallel_source_function.h"
#include "api/datastream/program_execution.h"
#include "api/datastream/restart_strategies.h"
#include "api/datastream/strategies.h"
#include "connectors/collection/collection_source.h"
#include "core/config/configuration.h"

namespace flink {

/// `execution.runtime-mode`.
enum class RuntimeExecutionMode : std::uint8_t { kStreaming, kBatch, kAutomatic };

using Configuration = config::Configuration;

namespace datastream {

/// Elements given as text literals are strings.
template <class T>
using ElementType = std::conditional_t<std::is_convertible_v<T, std::string_view>, std::string,
                                       std::remove_cvref_t<T>>;

template <class S>
struct SourceOf {
  using Type = S;
};
template <class S>
struct SourceOf<std::shared_ptr<S>> {
  using Type = std::remove_const_t<S>;
};

template <class S>
concept SourceType = requires {
  typename S::Record;
  typename S::SplitType;
}
&&std::derived_from<S, Source<typename S::Record, typename S::SplitType>>;

}  // namespace datastream

/// What readFile() does behind the files that are there.
enum class FileProcessingMode : std::uint8_t { kProcessOnce, kProcessContinuously };

/// Where a program begins: makes streams from sources, holds the settings of its jobs, and runs
/// them.
/// Thread: the program's.
/// Lifetime: its streams may outlive it, but not the program's run.
class StreamExecutionEnvironment {
 public:
  StreamExecutionEnvironment(datastream::ProgramExecution& execution, Configuration configuration);
  ~StreamExecutionEnvironment();
  StreamExecutionEnvironment(const StreamExecutionEnvironment&) = delete;
  StreamExecutionEnvironment& operator=(const StreamExecutionEnvironment&) = delete;

  // --- settings --------------------------------------------------------------------------------

  [[nodiscard]] ExecutionConfig& getConfig();
  /// Values of `configuration` win over what was set before.
  StreamExecutionEnvironment& configure(const Configuration& configuration);
  [[nodiscard]] const Configuration& getConfiguration() const;
  /// Parallelism of operators created from now on.
  StreamExecutionEnvironment& setParallelism(std::int32_t parallelism);
  [[nodiscard]] std::int32_t getParallelism() const;
  StreamExecutionEnvironment& setMaxParallelism(std::int32_t maxParallelism);
  StreamExecutionEnvironment& setRuntimeMode(RuntimeExecutionMode mode);
  /// Milliseconds; -1: only full buffers, 0: after every record.
  StreamExecutionEnvironment& setBufferTimeout(std::int64_t timeoutMs);
  StreamExecutionEnvironment& disableOperatorChaining();
  /// What time the sources created from now on bring. EventTime, the default, leaves that to
  /// watermark strategies; IngestionTime stamps records with the clock; ProcessingTime has no
  /// periodic watermarks.
  StreamExecutionEnvironment& setStreamTimeCharacteristic(TimeCharacteristic characteristic);
  [[nodiscard]] TimeCharacteristic getStreamTimeCharacteristic() const;

  /// Checkpoints every `intervalMs` milliseconds.
  StreamExecutionEnvironment& enableCheckpointing(
      std::int64_t intervalMs, CheckpointingMode mode = CheckpointingMode::EXACTLY_ONCE);
  [[nodiscard]] CheckpointConfig& getCheckpointConfig();
  /// Of several calls the last one counts.
  StreamExecutionEnvironment& setRestartStrategy(const RestartStrategyConfiguration& strategy);
  /// Where savepoints go whose command names no directory.
  StreamExecutionEnvironment& setDefaultSavepointDirectory(const std::string& directory);

  // --- sources ---------------------------------------------------------------------------------

  template <class First, class... Rest>
  auto fromElements(First first, Rest... rest) {
    using T = datastream::ElementType<First>;
    if constexpr (!(std::same_as<T, datastream::ElementType<Rest>> && ...)) {
      static_assert(datastream::kNever<First>, "flink: fromElements() needs elements of one type");
      return datastream::AfterMistake{};
    } else {
      return fromCollection(std::vector<T>{T(std::move(first)), T(std::move(rest))...});
    }
  }
  template <class T>
  auto fromCollection(std::initializer_list<T> elements) {
    return fromCollection(
        std::vector<datastream::ElementType<T>>(elements.begin(), elements.end()));
  }
  /// The elements travel with the job; they should be few. One subtask.
  template <class Range>
  requires requires(const Range& range) { std::begin(range) != std::end(range); }
  auto fromCollection(const Range& range) {
    using T = datastream::ElementType<decltype(*std::begin(range))>;
    if constexpr (!Serializable<T>) {
      static_assert(datastream::kNever<Range>,
                    "flink: the elements cannot be serialized: use a plain struct of values (no "
                    "pointers), or give the "
                    "class FLINK_FIELDS or a flink::TypeSerializer");
      return datastream::AfterMistake{};
    } else {
      auto elements = std::make_shared<std::string>();
      if (encodesCollections()) {
        for (const auto& element : range)
          types::appendTo(*elements, static_cast<const T&>(T(element)));
      }
      auto spec = sourceSpec<T>("Collection Source", "collection",
                                connectors::makeCollectionSourceFactory<T>(elements));
      spec.parallel = false;
      auto stream = newSource<T>(std::move(spec));
      setCollection(stream.handle(), std::move(elements));
      return withoutTimestamps(std::move(stream));
    }
  }
  /// The numbers from..to, both included, in parallel.
  SingleOutputStreamOperator<std::int64_t> fromSequence(std::int64_t from, std::int64_t to);
  /// Lines of a file, of the files of a directory (with `recursive` also below it), or of those
  /// that fit a pattern such as `logs/*.txt`, in parallel. A relative path begins where the client
  /// is.
  SingleOutputStreamOperator<std::string> readTextFile(std::string path, bool recursive = true);
  /// The same, and with kProcessContinuously for ever: every `interval` new files, and files that
  /// were modified once more from their beginning. FileSource::monitorContinuously() reads each
  /// path once.
  SingleOutputStreamOperator<std::string> readFile(
      std::string path, FileProcessingMode watchType,
      std::chrono::milliseconds interval = std::chrono::milliseconds(-1));
  /// Text from a TCP server, cut at the delimiter. One subtask. `maxRetries` < 0: reconnects for
  /// ever.
  SingleOutputStreamOperator<std::string> socketTextStream(std::string host, std::int32_t port,
                                                           std::string delimiter = "\n",
                                                           std::int64_t maxRetries = 0);

  /// A Source, by value or shared.
  template <class S>
  auto fromSource(S source, std::string name) {
    return sourceStream(std::move(source), std::nullopt, std::move(name));
  }
  /// With event time from the source on.
  template <class S, class T>
  auto fromSource(S source, WatermarkStrategy<T> strategy, std::string name) {
    return sourceStream(std::move(source), std::move(strategy), std::move(name));
  }

  /// A SourceFunction; parallel only when it is a ParallelSourceFunction.
  template <class F>
  auto addSource(F function, std::string name = "Custom Source") {
    using T = datastream::CollectedType<F>;
    if constexpr (!operators::CallableSourceFunction<F, T>) {
      static_assert(datastream::kNever<F>,
                    "flink: addSource() needs void run(flink::SourceContext<T>&) and void "
                    "cancel(), as in flink::SourceFunction");
      return datastream::AfterMistake{};
    } else if constexpr (!Serializable<T>) {
      static_assert(datastream::kNever<F>,
                    "flink: the source's records cannot be serialized: use a plain struct of "
                    "values (no pointers), or give "
                    "the class FLINK_FIELDS or a flink::TypeSerializer");
      return datastream::AfterMistake{};
    } else {
      auto spec = sourceSpec<T>(name.c_str(), "sourceFunction",
                                operators::makeSourceFunctionFactory<T>(std::move(function)));
      spec.parallel = std::derived_from<F, ParallelSourceFunction<T>>;
      spec.bounded = false;
      spec.legacySource = true;
      return newSource<T>(std::move(spec));
    }
  }

  // --- running ---------------------------------------------------------------------------------

  /// A value that depends on place or time (clock, random, files, environment): `f` runs at the
  /// client only, and its result is the same wherever the program runs again.
  template <class F>
  auto once(const std::string& name, F f) {
    using T = std::remove_cvref_t<std::invoke_result_t<F&>>;
    if constexpr (!Serializable<T>) {
      static_assert(datastream::kNever<F>,
                    "flink: once() needs a function that returns a serializable value");
      return datastream::AfterMistake{};
    } else {
      T value{};
      throwIfError(types::deserialize(
          asBytes(onceBytes(name, [&f] { return types::serialize<T>(f()); })), value));
      return value;
    }
  }

  /// Runs what was built since the last execute() as one job and waits for its end (detached
  /// clients do not wait). Throws JobExecutionException when the job fails, FlinkException when the
  /// program is wrong.
  JobExecutionResult execute(const std::string& jobName = "");
  std::shared_ptr<JobClient> executeAsync(const std::string& jobName = "");
  /// execute() if there is something left to run.
  void executePending(const std::string& jobName);
  /// The plan of what execute() would run, as JSON.
  [[nodiscard]] std::string getExecutionPlan() const;

  [[nodiscard]] std::shared_ptr<datastream::ProgramGraph> programGraph() const;

 private:
  template <class S, class Strategy>
  auto sourceStream(S source, Strategy strategy, std::string name) {
    using Type = typename datastream::SourceOf<S>::Type;
    if constexpr (!datastream::SourceType<Type>) {
      static_assert(datastream::kNever<S>, "flink: fromSource() needs a flink::Source<T, Split>");
      return datastream::AfterMistake{};
    } else if constexpr (std::same_as<S, Type>) {
      return sourceStream(std::make_shared<const S>(std::move(source)), std::move(strategy),
                          std::move(name));
    } else if constexpr (!std::is_convertible_v<
                             Strategy, std::optional<WatermarkStrategy<typename Type::Record>>>) {
      static_assert(datastream::kNever<S>,
                    "flink: fromSource()'s watermark strategy is not one of the source's record "
                    "type");
      return datastream::AfterMistake{};
    } else {
      using T = typename Type::Record;
      static_assert(Serializable<T>, "flink: the source's records cannot be serialized");
      const std::shared_ptr<const Source<T, typename Type::SplitType>> shared = std::move(source);
      const std::optional<WatermarkStrategy<T>> watermarks = std::move(strategy);
      auto spec =
          sourceSpec<T>(name.c_str(), "source", operators::makeSourceFactory(shared, watermarks));
      spec.bounded = shared->getBoundedness() == Boundedness::kBounded;
      spec.hasCoordinator = true;
      return newSource<T>(std::move(spec), watermarks.has_value());
    }
  }

  template <class T>
  static datastream::OperatorSpec sourceSpec(const char* name, const char* kind,
                                             operators::FactoryPtr factory) {
    return datastream::operatorSpec(name, kind, std::move(factory), {&typeid(T)},
                                    datastream::OperatorRole::kSource);
  }
  template <class T>
  SingleOutputStreamOperator<T> newSource(datastream::OperatorSpec spec,
                                          bool hasEventTime = false) {
    const bool ingestionTime =
        !hasEventTime && getStreamTimeCharacteristic() == TimeCharacteristic::IngestionTime;
    if (ingestionTime)
      spec.factory = operators::makeIngestionTimeFactory<T>(std::move(spec.factory));
    auto stream =
        datastream::StreamHandle::ofSource(state_, std::move(spec), datastream::plainCodec<T>);
    if (hasEventTime || ingestionTime) stream.assignsTimestamps();
    return SingleOutputStreamOperator<T>(std::move(stream));
  }
  /// Of a source that gives its records no timestamps unless they get the time of their ingestion.
  template <class T>
  SingleOutputStreamOperator<T> withoutTimestamps(SingleOutputStreamOperator<T> stream) {
    if (getStreamTimeCharacteristic() != TimeCharacteristic::IngestionTime)
      stream.handle().missesTimestamps();
    return stream;
  }
  void setCollection(const datastream::StreamHandle& stream, std::shared_ptr<std::string> elements);

  [[nodiscard]] bool encodesCollections() const;
  std::string onceBytes(const std::string& name, const std::function<std::string()>& compute);
  [[nodiscard]] std::string jobNameOr(const std::string& jobName) const;

  std::shared_ptr<datastream::EnvironmentState> state_;
};

/// Name of the stream type that Flink's sources have.
template <class T>
using DataStreamSource = SingleOutputStreamOperator<T>;

}  // namespace flink
