// Where event time begins: watermark strategies, the older assigners, source functions with event
// time, ingestion time. The scripts follow recorded runs of Flink.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataflow/operators/runtime_state.h"
#include "dataflow/operators/timestamp_assigners.h"
#include "operator_script.h"

namespace flink::operators {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Strategy = WatermarkStrategy<KeyedValue>;

std::int64_t valueOf(const KeyedValue& value) {
  return value.second;
}

std::unique_ptr<OperatorScript> scriptOf(Strategy strategy) {
  auto script =
      std::make_unique<OperatorScript>(makeWatermarksFactory<KeyedValue>(std::move(strategy)));
  script->main<KeyedValue>();
  return script;
}

TEST(WatermarkStrategyTest, BoundedOutOfOrderness) {
  const auto strategy = Strategy::forBoundedOutOfOrderness(5ms).withTimestampAssigner(&valueOf);
  EXPECT_THAT(scriptOf(strategy)->play(
                  "P 200;E 1 a 100;W 50;P 399;P 400;E 2 a 90;P 600;E 3 a 101;E 4 a 103;P 800;"
                  "E - a 80;P 1000;Z"),
              ElementsAre("a 100@100", "W94", "a 90@90", "a 101@101", "a 103@103", "W97", "a 80@80",
                          "Wmax"));
}

TEST(WatermarkStrategyTest, MemberIsATimestampAssigner) {
  struct Order {
    std::int64_t time = 0;
  };
  const auto strategy =
      WatermarkStrategy<Order>::noWatermarks().withTimestampAssigner(&Order::time);
  EXPECT_EQ(strategy.instantiate().assigner(Order{7}, types::kNoTimestamp), 7);
}

TEST(WatermarkStrategyTest, IdlenessIsSeenByThePeriodicEmit) {
  const auto strategy =
      Strategy::forMonotonousTimestamps().withTimestampAssigner(&valueOf).withIdleness(500ms);
  EXPECT_THAT(scriptOf(strategy)->play(
                  "E 1 a 100;P 200;P 400;P 600;P 800;P 1000;P 1200;P 1400;E 2 a 110;P 1500;P 1600;"
                  "P 1800;P 2000;P 2200;P 2400;P 2600;E 3 a 90;P 2800;E 4 a 95;P 3000;E 5 a 120;"
                  "P 3200"),
              ElementsAre("a 100@100", "W99", "idle", "a 110@110", "active", "W109", "idle",
                          "a 90@90", "a 95@95", "a 120@120", "active", "W119"));
}

struct OnTens : WatermarkGenerator<KeyedValue> {
  void onEvent(const KeyedValue& event, std::int64_t time, WatermarkOutput& output) override {
    if (event.second % 10 == 0) output.emitWatermark(Watermark(time));
  }
  void onPeriodicEmit(WatermarkOutput&) override {}
};

TEST(WatermarkStrategyTest, PunctuatedWatermarksFollowTheirRecord) {
  const auto strategy = Strategy::forGenerator([] {
                          return std::make_unique<OnTens>();
                        }).withTimestampAssigner(&valueOf);
  EXPECT_THAT(
      scriptOf(strategy)->play("E 1 a 10;E 2 a 15;E 3 a 20;E 4 a 10;E 5 a 20;P 500;E 6 a 30"),
      ElementsAre("a 10@10", "W10", "a 15@15", "a 20@20", "W20", "a 10@10", "a 20@20", "a 30@30",
                  "W30"));
}

// --- the older interfaces ----------------------------------------------------------------------

struct Bounded : BoundedOutOfOrdernessTimestampExtractor<KeyedValue> {
  Bounded() : BoundedOutOfOrdernessTimestampExtractor(5ms) {}
  std::int64_t extractTimestamp(const KeyedValue& value) override { return value.second; }
};

TEST(TimestampAssignersTest, BoundedExtractorIsTheBoundBehind) {
  EXPECT_THAT(scriptOf(strategyOf<KeyedValue>(Bounded{}))
                  ->play("P 200;E 1 a 100;P 400;E 2 a 90;P 600;E 3 a 101;P 800"),
              ElementsAre("a 100@100", "W95", "a 90@90", "a 101@101", "W96"));
}

TEST(TimestampAssignersTest, NegativeBoundIsRefused) {
  struct Negative : BoundedOutOfOrdernessTimestampExtractor<KeyedValue> {
    Negative() : BoundedOutOfOrdernessTimestampExtractor(-1ms) {}
    std::int64_t extractTimestamp(const KeyedValue& value) override { return value.second; }
  };
  EXPECT_THROW(Negative(), std::invalid_argument);
}

struct Ascending : AscendingTimestampExtractor<KeyedValue> {
  std::int64_t extractAscendingTimestamp(const KeyedValue& value) override { return value.second; }
};

TEST(TimestampAssignersTest, AscendingExtractorIsOneBehindAndTellsOfViolations) {
  std::vector<std::pair<std::int64_t, std::int64_t>> violations;
  Ascending ascending;
  ascending.withViolationHandler(
      [&](std::int64_t now, std::int64_t before) { violations.emplace_back(now, before); });
  EXPECT_THAT(scriptOf(strategyOf<KeyedValue>(ascending))
                  ->play("P 200;E 1 a 100;P 400;E 2 a 90;E 3 a 100;P 600;E 4 a 101;P 800"),
              ElementsAre("a 100@100", "W99", "a 90@90", "a 100@100", "a 101@101", "W100"));
  EXPECT_THAT(violations, ElementsAre(std::pair(90, 100)));
}

struct Punctuated : AssignerWithPunctuatedWatermarks<KeyedValue> {
  std::int64_t extractTimestamp(const KeyedValue&, std::int64_t before) override {
    return before + 1000;
  }
  std::optional<Watermark> checkAndGetNextWatermark(const KeyedValue& last,
                                                    std::int64_t timestamp) override {
    if (last.second % 10 != 0) return std::nullopt;
    return Watermark(timestamp);
  }
};

TEST(TimestampAssignersTest, PunctuatedAssignerSeesTheOldTimestamp) {
  EXPECT_THAT(scriptOf(strategyOf<KeyedValue>(Punctuated{}))->play("E 1 a 10;E 2 a 15;E 3 a 20"),
              ElementsAre("a 10@1001", "W1001", "a 15@1002", "a 20@1003", "W1003"));
}

TEST(TimestampAssignersTest, SubtasksDoNotShareAnAssigner) {
  const Strategy strategy = strategyOf<KeyedValue>(Bounded{});
  const auto first = scriptOf(strategy);
  const auto second = scriptOf(strategy);
  first->play("P 100;E 1 a 100");
  second->play("P 100");
  EXPECT_THAT(second->play("P 500"), IsEmpty());
  EXPECT_THAT(first->play("P 500"), ElementsAre("W95"));
}

// --- source functions --------------------------------------------------------------------------

/// What a task would do with a source; writes down records and event time.
class SourceScript {
 public:
  explicit SourceScript(FactoryPtr factory) : factory_(std::move(factory)) {
    OperatorContext& context = harness.context;
    context.processingTime = &clock;
    context.state.operatorState = &operatorState;
    context.emitWatermark = [this](types::Timestamp time) {
      lines.push_back("W" + std::to_string(time));
    };
    context.emitWatermarkStatus = [this](bool idle) {
      lines.emplace_back(idle ? "idle" : "active");
    };
    out_.lines = &lines;
  }
  ~SourceScript() {
    if (harness.op != nullptr) harness.close();
  }
  void open() { harness.open(*factory_, {{"", &out_}}); }
  SourceOperatorBase::Poll poll() {
    return dynamic_cast<SourceOperatorBase&>(*harness.op).poll(100);
  }
  void pollUntilEnd() {
    while (true) {
      const int wakes = harness.numWakes;
      const auto polled = poll();
      if (polled == SourceOperatorBase::Poll::kEnd) return;
      if (polled == SourceOperatorBase::Poll::kNothingNow) harness.numWakes.wait(wakes);
    }
  }

  OperatorHarness harness;
  ManualProcessingTime clock;
  state::OperatorStateBackend operatorState;
  std::vector<std::string> lines;

 private:
  struct Writer final : BatchReceiver<int> {
    void process(Batch<int> batch) override {
      for (std::size_t i = 0; i < batch.records.size(); ++i) {
        const bool stamped =
            batch.timestamps != nullptr && batch.timestamps[i] != types::kNoTimestamp;
        lines->push_back(std::to_string(batch.records[i]) + "@" +
                         (stamped ? std::to_string(batch.timestamps[i]) : "-"));
      }
    }
    std::vector<std::string>* lines = nullptr;
  };
  FactoryPtr factory_;
  Writer out_;
};

struct WithEventTime : SourceFunction<int> {
  void run(SourceContext<int>& context) override {
    context.collect(1);
    context.collectWithTimestamp(2, 20);
    context.emitWatermark(10);
    context.emitWatermark(5);
    context.collect(3);
    context.markAsTemporarilyIdle();
    context.collectWithTimestamp(4, 40);
    context.emitWatermark(Watermark(30));
  }
  void cancel() override {}
};

TEST(SourceFunctionTest, EventTimeKeepsItsPlaceBetweenRecords) {
  SourceScript source(makeSourceFunctionFactory<int>(WithEventTime{}));
  source.open();
  source.pollUntilEnd();
  EXPECT_THAT(source.lines,
              ElementsAre("1@-", "2@20", "W10", "3@-", "idle", "active", "4@40", "W30"));
}

TEST(SourceFunctionTest, IngestionTimeIsTheClocks) {
  SourceScript source(
      makeIngestionTimeFactory<int>(makeSourceFunctionFactory<int>(WithEventTime{})));
  source.clock.advanceTo(1000);
  source.open();
  source.pollUntilEnd();
  source.clock.advanceTo(1200);
  EXPECT_THAT(source.lines, ElementsAre("1@1000", "2@1000", "3@1000", "4@1000", "W1199"));
}

/// Emits numbers for ever, under the lock together with what it keeps: how many there were.
struct Counter : SourceFunction<int>, CheckpointedFunction {
  void initializeState(FunctionInitializationContext& context) override {
    state_ = context.getOperatorStateStore().getListState(ListStateDescriptor<int>("next"));
  }
  void snapshotState(FunctionSnapshotContext&) override { state_.update({next_}); }
  void run(SourceContext<int>& context) override {
    while (true) {
      context.getCheckpointLock().lock();
      try {
        for (int i = 0; i < 3000; ++i) context.collect(next_++);  // more than there is room for
      } catch (...) {
        context.getCheckpointLock().unlock();
        throw;
      }
      context.getCheckpointLock().unlock();
    }
  }
  void cancel() override {}
  ListState<int> state_;
  int next_ = 0;
};

TEST(SourceFunctionTest, WhatASnapshotCountsWasEmittedBeforeIt) {
  SourceScript source(makeSourceFunctionFactory<int>(Counter{}));
  source.open();
  for (int round = 1; round <= 20; ++round) {
    (void)source.poll();
    source.harness.op->snapshotState(
        {static_cast<state::SnapshotId>(round), 0, nullptr, &source.operatorState});
    const auto kept =
        valueOrThrow(source.operatorState.getListState(ListStateDescriptor<int>("next")));
    ASSERT_EQ(*kept.get().begin(), static_cast<int>(source.lines.size())) << "round " << round;
    ASSERT_EQ(source.lines.size() % 3000, 0U);
  }
}

}  // namespace
}  // namespace flink::operators
