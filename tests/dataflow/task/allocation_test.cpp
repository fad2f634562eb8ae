#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataflow/operators/factories.h"
#include "task_fixture.h"
#include "tests/core/types/counting_new.h"
#include "tests/dataflow/network/test_worker.h"

/// Whole tasks over the real data plane: source → map → filter | keyBy | sum → sink.
namespace flink::task {
namespace {

using operators::Batch;
using operators::OperatorOutputs;
using WordCount = std::pair<std::string, std::int64_t>;

/// Emits the same records again and again until it is told to stop.
template <class T>
class CyclingSource final : public operators::SourceOperatorBase {
 public:
  CyclingSource(const OperatorOutputs& outputs, const std::vector<T>& records,
                const std::atomic<bool>& stopped)
      : output_(outputs, ""), records_(records), stopped_(stopped) {}
  void open(operators::OperatorContext&) override {}
  Poll poll(std::size_t max) override {
    for (std::size_t i = 0; i < max; ++i) {
      output_.collect(records_[next_]);
      next_ = next_ + 1 == records_.size() ? 0 : next_ + 1;
    }
    output_.flush();
    return stopped_ ? Poll::kEnd : Poll::kMore;
  }
  void handleEvent(std::string_view) override {}

 private:
  operators::Output<T> output_;
  const std::vector<T>& records_;
  const std::atomic<bool>& stopped_;
  std::size_t next_ = 0;
};

template <class T>
class CyclingSourceFactory final : public operators::OperatorFactory {
 public:
  explicit CyclingSourceFactory(std::vector<T> records) : records_(std::move(records)) {}
  std::unique_ptr<operators::StreamOperator> create(const OperatorOutputs& outputs) const override {
    return std::make_unique<CyclingSource<T>>(outputs, records_, stopped);
  }
  std::atomic<bool> stopped{false};

 private:
  const std::vector<T> records_;
};

/// The operators of a program by their numbers, and its one edge between tasks.
class Program final : public operators::OperatorCatalog {
 public:
  [[nodiscard]] const operators::OperatorFactory* operatorFactory(
      std::int32_t streamNode) const override {
    return factories.at(streamNode).get();
  }
  [[nodiscard]] const operators::EdgeCodec* edgeCodec(std::int32_t, std::int32_t, std::int32_t,
                                                      std::string_view) const override {
    return codec.get();
  }
  std::map<std::int32_t, operators::FactoryPtr> factories;
  operators::CodecPtr codec;
};

/// Counts what a sink takes. Neither counting nor waiting allocates. Thread: one sink, one waiter.
class RecordCounter {
 public:
  void count() {
    if (++counted_ < target_.load(std::memory_order_acquire)) return;
    target_ = kNever;
    reached_ = true;
    reached_.notify_one();
  }
  /// Returns how many came in the meantime, at least `n`.
  std::uint64_t waitForMore(std::uint64_t n) {
    const std::uint64_t before = counted_;
    reached_ = false;
    target_.store(before + n, std::memory_order_release);
    reached_.wait(false);
    return counted_ - before;
  }

 private:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  std::atomic<std::uint64_t> counted_{0};
  std::atomic<std::uint64_t> target_{kNever};
  std::atomic<bool> reached_{false};
};

/// Where the two tasks run: in one worker, or in two with TCP between them.
enum class Exchange { kLocal, kRemote };

class TaskAllocationTest : public TaskFixture, public ::testing::WithParamInterface<Exchange> {
 protected:
  template <class T>
  struct Steps {
    std::vector<T> records;
    operators::FactoryPtr map, filter, sum;
    operators::CodecPtr codec;
  };

  /// Runs the program until it is warm and counts what `kMeasured` more records cost. What is
  /// done per buffer or per step may allocate, what is done per record must not: one record in
  /// twenty with an allocation of its own is found.
  template <class T>
  void expectNoAllocationPerRecord(Steps<T> steps) {
    constexpr std::uint64_t kWarmUp = 100'000, kMeasured = 200'000;
    auto source = std::make_unique<CyclingSourceFactory<T>>(std::move(steps.records));
    std::atomic<bool>& stopped = source->stopped;
    RecordCounter received;
    Program program;
    program.factories[1] = std::move(source);
    program.factories[2] = std::move(steps.map);
    program.factories[3] = std::move(steps.filter);
    program.factories[4] = std::move(steps.sum);
    program.factories[5] =
        operators::makeSinkFunctionFactory<T>([&received](const T&) { received.count(); });
    program.codec = std::move(steps.codec);

    const bool local = GetParam() == Exchange::kLocal;
    network::TestWorker first;
    std::unique_ptr<network::TestWorker> other;
    if (!local) other = std::make_unique<network::TestWorker>();
    network::TestWorker& second = local ? first : *other;

    TaskSpec producer = spec({node(1, {2}), node(2, {3}), node(3)});
    addOutput(producer, 3, 4);
    producer.outputs[0].partition.localConsumers = {local};
    producer.outputs[0].selection = operators::ChannelSelection::kHash;
    TaskSpec consumer = spec({node(4, {5}), node(5)});
    addInput(consumer, 3, 4);
    consumer.inputs[0].gate.channels[0].local = local;
    consumer.inputs[0].gate.channels[0].host = "127.0.0.1";
    consumer.inputs[0].gate.channels[0].dataPort = first.port();

    const auto from = makeTask(std::move(producer), services(program, first));
    const auto to = makeTask(std::move(consumer), services(program, second));
    from->start();
    to->start();
    received.waitForMore(kWarmUp);
    std::size_t allocations = 0;
    std::uint64_t measured = 0;
    {
      const AllocationCounter counter;
      measured = received.waitForMore(kMeasured);
      allocations = counter.numAllocations();
    }
    stopped = true;
    EXPECT_EQ(listener_.waitForEnd(*from), TaskState::kFinished);
    EXPECT_EQ(listener_.waitForEnd(*to), TaskState::kFinished);
    EXPECT_LT(allocations, measured / 20) << measured << " records";
    RecordProperty("allocationsPerMillionRecords",
                   static_cast<int>(allocations * 1'000'000 / measured));
  }

 private:
  TaskServices services(const Program& program, network::TestWorker& worker) {
    TaskServices services;
    services.catalog = &program;
    services.network = &worker.network();
    services.executor = &worker.executor();
    services.clock = &clock_;
    services.jobGroup = jobGroup_;
    services.listener = &listener_;
    return services;
  }
};

std::vector<std::int64_t> numbers() {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < 1000; ++i) numbers.push_back(i * 7919 % 300);
  return numbers;
}

/// Longer than what a std::string holds without memory of its own.
std::vector<WordCount> words() {
  std::vector<WordCount> words;
  for (std::size_t i = 0; i < 1000; ++i)
    words.emplace_back(std::string(20 + i % 40, 'x') + std::to_string(i % 300), 1);
  return words;
}

TEST_P(TaskAllocationTest, MapFilterAndKeyedSumOverNumbers) {
  const auto key = [](const std::int64_t& v) { return v % 100; };
  expectNoAllocationPerRecord<std::int64_t>(
      {numbers(), operators::makeMapFactory<std::int64_t>([](std::int64_t v) { return v + 1; }),
       operators::makeFilterFactory<std::int64_t>([](std::int64_t v) { return v % 3 != 0; }),
       operators::makeKeyedSumFactory<std::int64_t>(key, operators::TupleField<0>{}),
       operators::makeKeyedEdgeCodec<std::int64_t>(key)});
}

TEST_P(TaskAllocationTest, MapFilterAndKeyedSumOverStrings) {
  const auto key = [](const WordCount& wc) -> const std::string& { return wc.first; };
  expectNoAllocationPerRecord<WordCount>(
      {words(), operators::makeMapFactory<WordCount>([](WordCount wc) {
         wc.second += 1;
         return wc;
       }),
       operators::makeFilterFactory<WordCount>(
           [](const WordCount& wc) { return wc.first.size() % 3 != 0; }),
       operators::makeKeyedSumFactory<WordCount>(key, operators::TupleField<1>{}),
       operators::makeKeyedEdgeCodec<WordCount>(key)});
}

INSTANTIATE_TEST_SUITE_P(Exchanges, TaskAllocationTest,
                         ::testing::Values(Exchange::kLocal, Exchange::kRemote),
                         [](const auto& test) {
                           return test.param == Exchange::kLocal ? "Local" : "Remote";
                         });

}  // namespace
}  // namespace flink::task
