#include "dataflow/operators/source_operator.h"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/executor.h"
#include "dataflow/operators/factories.h"
#include "tests/dataflow/operators/operator_harness.h"
#include "tests/support/manual_event_loop.h"

namespace flink::operators {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

struct RangeSplit {
  std::int64_t from = 0;
  std::int64_t to = 0;
};

/// Counts from 0 to n in splits of 10.
class RangeSource final : public Source<std::int64_t, RangeSplit> {
 public:
  explicit RangeSource(std::int64_t n) : n_(n) {}
  [[nodiscard]] Boundedness getBoundedness() const override { return Boundedness::kBounded; }

  std::unique_ptr<SplitEnumerator<RangeSplit>> createEnumerator(
      SplitEnumeratorContext<RangeSplit>& context) const override {
    class Enumerator final : public SplitEnumerator<RangeSplit> {
     public:
      Enumerator(SplitEnumeratorContext<RangeSplit>& context, std::int64_t n)
          : context_(context), n_(n) {}
      void start() override {}
      void handleSplitRequest(int subtask) override {
        if (next_ >= n_) return context_.signalNoMoreSplits(subtask);
        context_.assignSplit({next_, std::min(n_, next_ + 10)}, subtask);
        next_ += 10;
      }
      void addSplitsBack(std::vector<RangeSplit> splits, int /*subtask*/) override {
        for (const RangeSplit& split : splits) next_ = std::min(next_, split.from);
      }
      [[nodiscard]] std::string snapshotState(std::int64_t /*checkpointId*/) override {
        return types::serialize(next_);
      }

     private:
      SplitEnumeratorContext<RangeSplit>& context_;
      std::int64_t n_;
      std::int64_t next_ = 0;
    };
    return std::make_unique<Enumerator>(context, n_);
  }

  std::unique_ptr<SplitEnumerator<RangeSplit>> restoreEnumerator(
      SplitEnumeratorContext<RangeSplit>& context,
      const std::string& /*checkpoint*/) const override {
    return createEnumerator(context);  // never restored here
  }
  std::unique_ptr<SourceReader<std::int64_t, RangeSplit>> createReader(
      SourceReaderContext& context) const override {
    class Reader final : public SourceReader<std::int64_t, RangeSplit> {
     public:
      explicit Reader(SourceReaderContext& context) : context_(context) {}
      void start() override { context_.sendSplitRequest(); }
      InputStatus pollNext(Collector<std::int64_t>& output, std::size_t maxRecords) override {
        for (; maxRecords > 0 && split_.from < split_.to; --maxRecords)
          output.collect(split_.from++);
        if (split_.from < split_.to) return InputStatus::kMoreAvailable;
        if (noMore_) return InputStatus::kEndOfInput;
        if (asked_) return InputStatus::kNothingAvailable;
        asked_ = true;
        context_.sendSplitRequest();
        return InputStatus::kNothingAvailable;
      }
      void addSplits(std::vector<RangeSplit> splits) override {
        split_ = splits.front();
        asked_ = false;
      }
      void notifyNoMoreSplits() override { noMore_ = true; }
      std::vector<RangeSplit> snapshotState(std::int64_t /*checkpointId*/) override {
        return {split_};
      }

     private:
      SourceReaderContext& context_;
      RangeSplit split_;
      bool asked_ = true;
      bool noMore_ = false;
    };
    return std::make_unique<Reader>(context);
  }

 private:
  std::int64_t n_;
};

/// Runs blocking work at once; steps nothing.
class InlineExecutor final : public Executor {
 public:
  std::shared_ptr<Handle> add(Steppable&) override { return nullptr; }
  void await(WaitCondition&) override {}
  void notify(WaitCondition&) override {}
  void runBlocking(std::function<void()> work) override { work(); }
  void stop() override {}
};

TEST(SourceOperatorTest, ReadersShareTheSplitsOfOneCoordinator) {
  const auto factory = makeSourceFactory<std::int64_t>(
      std::shared_ptr<const Source<std::int64_t, RangeSplit>>(std::make_shared<RangeSource>(95)));
  std::deque<std::pair<int, std::string>> toReaders;
  InlineExecutor executor;
  SystemClock clock;
  CoordinatorContext context;
  context.parallelism = 2;
  context.executor = &executor;
  context.clock = &clock;
  context.wake = [] {};
  context.sendToSubtask = [&](int subtask, std::string payload) {
    toReaders.emplace_back(subtask, std::move(payload));
  };
  const auto coordinator = factory->createCoordinator();
  coordinator->open(context);

  OperatorHarness harness[2];
  CollectingReceiver<std::int64_t> out[2];
  bool ended[2] = {false, false};
  for (int i = 0; i < 2; ++i) {
    harness[i].context.subtaskIndex = i;
    harness[i].open(*factory, {{"", &out[i]}});
  }
  while (!ended[0] || !ended[1]) {
    for (int i = 0; i < 2; ++i) {
      auto& source = dynamic_cast<SourceOperatorBase&>(*harness[i].op);
      for (const std::string& payload : std::exchange(harness[i].sentToCoordinator, {})) {
        coordinator->handleEvent(i, payload);
      }
      while (!toReaders.empty()) {
        const auto [subtask, payload] = toReaders.front();
        toReaders.pop_front();
        dynamic_cast<SourceOperatorBase&>(*harness[subtask].op).handleEvent(payload);
      }
      if (!ended[i]) ended[i] = source.poll(3) == SourceOperatorBase::Poll::kEnd;
    }
  }
  EXPECT_EQ(out[0].records.size() + out[1].records.size(), 95U);
  EXPECT_GE(out[0].records.size(), 40U);
  EXPECT_GE(out[1].records.size(), 40U);
  EXPECT_LE(out[0].largestBatch, 3U);
  EXPECT_GT(harness[0].numWakes, 0);
  coordinator->close();
}

/// Answers a poll with what a test says.
struct ScriptedSource final : Source<int, RangeSplit> {
  struct Reader final : SourceReader<int, RangeSplit> {
    explicit Reader(const ScriptedSource& source) : source(source) {}
    void start() override {}
    InputStatus pollNext(Collector<int>& /*output*/, std::size_t /*maxRecords*/) override {
      if (!source.answer) throw std::runtime_error("unreadable");
      return *source.answer;
    }
    void addSplits(std::vector<RangeSplit> /*splits*/) override {}
    void notifyNoMoreSplits() override {}
    std::vector<RangeSplit> snapshotState(std::int64_t /*checkpointId*/) override { return {}; }
    const ScriptedSource& source;
  };
  [[nodiscard]] Boundedness getBoundedness() const override { return Boundedness::kBounded; }
  std::unique_ptr<SplitEnumerator<RangeSplit>> createEnumerator(
      SplitEnumeratorContext<RangeSplit>& /*context*/) const override {
    return nullptr;
  }
  std::unique_ptr<SplitEnumerator<RangeSplit>> restoreEnumerator(
      SplitEnumeratorContext<RangeSplit>& /*context*/,
      const std::string& /*checkpoint*/) const override {
    return nullptr;
  }
  std::unique_ptr<SourceReader<int, RangeSplit>> createReader(
      SourceReaderContext& /*context*/) const override {
    return std::make_unique<Reader>(*this);
  }
  std::optional<InputStatus> answer;
};

TEST(SourceOperatorTest, IdlenessAndFailuresAreMeasured) {
  const auto script = std::make_shared<ScriptedSource>();
  const auto factory =
      makeSourceFactory<int>(std::shared_ptr<const Source<int, RangeSplit>>(script));
  CollectingReceiver<int> out;
  OperatorHarness harness;
  flink::testing::ManualClock clock;
  harness.context.clock = &clock;
  auto& source = dynamic_cast<SourceOperatorBase&>(harness.open(*factory, {{"", &out}}));
  EXPECT_EQ(harness.metric("sourceIdleTime"), 0);
  script->answer = InputStatus::kNothingAvailable;
  source.poll(1);
  clock.moveTo(clock.now() + std::chrono::milliseconds(30));
  source.poll(1);
  clock.moveTo(clock.now() + std::chrono::milliseconds(12));
  EXPECT_EQ(harness.metric("sourceIdleTime"), 42);
  script->answer = InputStatus::kMoreAvailable;
  source.poll(1);
  EXPECT_EQ(harness.metric("sourceIdleTime"), 0);
  script->answer = std::nullopt;
  EXPECT_THROW(source.poll(1), std::runtime_error);
  EXPECT_EQ(harness.metric("numRecordsInErrors"), 1);
  harness.close();
}

TEST(SourceOperatorTest, UnknownEventsAreRefused) {
  EXPECT_FALSE(decodeSourceEvent("").isOk());
  EXPECT_FALSE(decodeSourceEvent("\x09").isOk());
  EXPECT_TRUE(decodeSourceEvent(encodeSourceEvent(SourceEvent::kRequestSplit)).isOk());
}

TEST(CoordinatorAsyncTest, ContinuationsRunInTheStepAndFailuresSurfaceThere) {
  InlineExecutor executor;
  int wakes = 0;
  std::vector<std::string> log;
  CoordinatorAsync async(executor, [&] { ++wakes; });
  async.post([&] { log.push_back("work"); }, [&] { log.push_back("done"); });
  EXPECT_THAT(log, ElementsAre("work"));
  EXPECT_EQ(wakes, 1);
  async.runCompleted();
  EXPECT_THAT(log, ElementsAre("work", "done"));
  async.post([] { throw std::runtime_error("no such directory"); }, [] {});
  EXPECT_THROW(async.runCompleted(), std::runtime_error);
}

// --- SourceFunction
// ------------------------------------------------------------------------------------------------

/// Polls like a task would: sleeps until woken when there is nothing.
SourceOperatorBase::Poll pollUntilEnd(OperatorHarness& harness) {
  auto& source = dynamic_cast<SourceOperatorBase&>(*harness.op);
  while (true) {
    const int wakes = harness.numWakes;
    const auto poll = source.poll(100);
    if (poll == SourceOperatorBase::Poll::kEnd) return poll;
    if (poll == SourceOperatorBase::Poll::kNothingNow) harness.numWakes.wait(wakes);
  }
}

struct Counting {
  std::int64_t n;
  void run(SourceContext<std::int64_t>& context) {
    for (std::int64_t i = 0; i < n; ++i) context.collect(i);
  }
  void cancel() {}
};

TEST(SourceFunctionTest, EverythingEmittedArrivesInOrder) {
  OperatorHarness harness;
  CollectingReceiver<std::int64_t> out;
  harness.open(*makeSourceFunctionFactory<std::int64_t>(Counting{100000}), {{"", &out}});
  pollUntilEnd(harness);
  ASSERT_EQ(out.records.size(), 100000U);
  for (std::int64_t i = 0; i < 100000; ++i) ASSERT_EQ(out.records[static_cast<std::size_t>(i)], i);
}

struct Failing {
  void run(SourceContext<std::int64_t>& context) {
    context.collect(1);
    throw std::runtime_error("lost");
  }
  void cancel() {}
};

TEST(SourceFunctionTest, ItsExceptionReachesTheStepAfterItsRecords) {
  OperatorHarness harness;
  CollectingReceiver<std::int64_t> out;
  harness.open(*makeSourceFunctionFactory<std::int64_t>(Failing{}), {{"", &out}});
  EXPECT_THROW(pollUntilEnd(harness), std::runtime_error);
  EXPECT_THAT(out.records, ElementsAre(1));
}

/// Emits for ever and ignores cancel().
struct Endless {
  void run(SourceContext<std::int64_t>& context) {
    while (true) {
      const std::lock_guard lock(context.getCheckpointLock());
      context.collect(1);
      context.collect(2);
    }
  }
  void cancel() {}
};

TEST(SourceFunctionTest, FullQueueHoldsTheSourceAndCloseEndsIt) {
  OperatorHarness harness;
  CollectingReceiver<std::int64_t> out;
  harness.open(*makeSourceFunctionFactory<std::int64_t>(Endless{}), {{"", &out}});
  auto& source = dynamic_cast<SourceOperatorBase&>(*harness.op);
  while (out.records.size() < 10000) {
    const int wakes = harness.numWakes;
    if (source.poll(100) == SourceOperatorBase::Poll::kNothingNow) harness.numWakes.wait(wakes);
  }
  harness.close();
  EXPECT_LE(out.largestBatch, 100U);
}

struct WaitsForCancel {
  std::shared_ptr<std::atomic<bool>> stop = std::make_shared<std::atomic<bool>>(false);
  void run(SourceContext<std::int64_t>& context) {
    context.collect(5);
    stop->wait(false);
  }
  void cancel() {
    *stop = true;
    stop->notify_all();
  }
};

TEST(SourceFunctionTest, CloseCancelsARunThatWaits) {
  OperatorHarness harness;
  CollectingReceiver<std::int64_t> out;
  harness.open(*makeSourceFunctionFactory<std::int64_t>(WaitsForCancel{}), {{"", &out}});
  auto& source = dynamic_cast<SourceOperatorBase&>(*harness.op);
  while (out.records.empty()) {
    const int wakes = harness.numWakes;
    if (source.poll(100) == SourceOperatorBase::Poll::kNothingNow) harness.numWakes.wait(wakes);
  }
  harness.close();
  EXPECT_THAT(out.records, ElementsAre(5));
}

TEST(SourceFunctionTest, ClosedBeforeItsFirstPollItNeverRuns) {
  OperatorHarness harness;
  CollectingReceiver<std::int64_t> out;
  harness.open(*makeSourceFunctionFactory<std::int64_t>(WaitsForCancel{}), {{"", &out}});
  harness.close();
}

}  // namespace
}  // namespace flink::operators
