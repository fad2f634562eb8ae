// Keyed process functions: timers, state, side outputs and snapshots. The scripts follow recorded
// runs of Flink.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataflow/operators/runtime_state.h"
#include "operator_script.h"

namespace flink::operators {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Out = Collector<std::string>;
using Keyed = KeyedProcessFunction<std::string, KeyedValue, std::string>;

std::string timeText(std::int64_t time) {
  if (time == types::kMaxWatermark) return "max";
  return time == types::kNoTimestamp ? "min" : std::to_string(time);
}

/// A value is a command: below 1000 registers an event-time timer, from 1000 on deletes it; from
/// 2000 on the same for processing time, from 3000 on deletes that; -1 shows what the context says.
struct TimerCommands : Keyed {
  void processElement(const KeyedValue& value, Context& context, Out& out) override {
    TimerService& timers = context.timerService();
    const int n = value.second;
    if (n == -1) {
      out.collect(context.getCurrentKey() + " element " + timeText(context.timestamp()) + " " +
                  timeText(timers.currentWatermark()) + " " +
                  timeText(timers.currentProcessingTime()));
    } else if (n < 1000) {
      timers.registerEventTimeTimer(n);
    } else if (n < 2000) {
      timers.deleteEventTimeTimer(n - 1000);
    } else if (n < 3000) {
      timers.registerProcessingTimeTimer(n - 2000);
    } else {
      timers.deleteProcessingTimeTimer(n - 3000);
    }
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Out& out) override {
    const bool isEventTime = context.timeDomain() == TimeDomain::EVENT_TIME;
    out.collect(context.getCurrentKey() + (isEventTime ? " EVENT " : " PROCESSING ") +
                timeText(time) + " " + timeText(context.timestamp()) + " " +
                timeText(context.timerService().currentWatermark()));
  }
};

template <class F>
std::unique_ptr<OperatorScript> keyedScript(F function) {
  std::unique_ptr<OperatorScript> script = std::make_unique<OperatorScript>(
      makeProcessFactory<KeyedValue, std::string>(std::move(function), byFirst()));
  script->main<std::string>();
  return script;
}

TEST(ProcessOperatorTest, TimersFireInTimeOrderAndOnce) {
  EXPECT_THAT(keyedScript(TimerCommands{})
                  ->play("E 1 a 30;E 2 a 10;E 3 a 20;E 4 a 10;E 5 a 25;E 6 a 1025;E 7 a 1999;"
                         "W 9;W 10;W 40;Z"),
              ElementsAre("W9", "a EVENT 10 10 10@10", "W10", "a EVENT 20 20 40@20",
                          "a EVENT 30 30 40@30", "W40", "Wmax"));
}

TEST(ProcessOperatorTest, TimersBelongToTheirKey) {
  const auto lines =
      keyedScript(TimerCommands{})
          ->play("E 1 a 10;E 2 b 10;E 3 c 5;E 4 b 15;E 5 a 1015;E 6 c 10;E 7 c 1010;W 20");
  EXPECT_THAT(lines, ElementsAre("c EVENT 5 5 20@5", "a EVENT 10 10 20@10", "b EVENT 10 10 20@10",
                                 "b EVENT 15 15 20@15", "W20"));
}

TEST(ProcessOperatorTest, EventTimeTimersOfThePastFireWithTheNextWatermark) {
  EXPECT_THAT(keyedScript(TimerCommands{})
                  ->play("W 100;E 101 a 50;E 102 a 100;E 103 a -1;W 100;E 104 a -1;W 101;W 102"),
              ElementsAre("W100", "a element 103 100 0@103", "a element 104 100 0@104",
                          "a EVENT 50 50 101@50", "a EVENT 100 100 101@100", "W101", "W102"));
}

TEST(ProcessOperatorTest, ProcessingTimeTimersFireWithTheClockAndWithoutTimestamp) {
  EXPECT_THAT(
      keyedScript(TimerCommands{})
          ->play("P 10;E 1 a 2030;E 2 a 2020;E 3 a 2020;E 4 a 2025;E 5 a 3025;W 1000;P 19;P 20;"
                 "P 29;E 6 a -1;P 40;E 7 a 2005;P 41;Z"),
      ElementsAre("W1000", "a PROCESSING 20 20 1000@-", "a element 6 1000 29@6",
                  "a PROCESSING 30 30 1000@-", "a PROCESSING 5 5 1000@-", "Wmax"));
}

TEST(ProcessOperatorTest, TheTwoDomainsAreApart) {
  EXPECT_THAT(
      keyedScript(TimerCommands{})
          ->play("P 1;E 1 a 10;E 2 a 2010;E 3 a 20;E 4 a 2020;E 5 a 1010;E 6 a 3020;W 30;P 30"),
      ElementsAre("a EVENT 20 20 30@20", "W30", "a PROCESSING 10 10 30@-"));
}

TEST(ProcessOperatorTest, TheEndFiresEventTimeTimersOnly) {
  EXPECT_THAT(keyedScript(TimerCommands{})
                  ->play("P 5;E 1 a 500;E 2 a 2100;E 3 a 300;W 100;E 4 a 2050;P 50;Z"),
              ElementsAre("W100", "a PROCESSING 50 50 100@-", "a EVENT 300 300 max@300",
                          "a EVENT 500 500 max@500", "Wmax"));
}

TEST(ProcessOperatorTest, TimersOutliveRestartsTheWatermarkDoesNot) {
  EXPECT_THAT(
      keyedScript(TimerCommands{})
          ->play("P 1;W 5;E 6 a 10;E 7 b 20;E 8 a 2015;S;E 9 a -1;P 9;W 3;E 9 b -1;W 10;S;P 15;"
                 "E 11 a 15;S;W 30"),
      ElementsAre("W5", "a element 9 min 1@9", "W3", "b element 9 3 9@9", "a EVENT 10 10 10@10",
                  "W10", "a PROCESSING 15 15 min@-", "a EVENT 15 15 30@15", "b EVENT 20 20 30@20",
                  "W30"));
}

TEST(ProcessOperatorTest, OverdueProcessingTimeTimersFireAfterARestart) {
  const auto script = keyedScript(TimerCommands{});
  script->play("P 1;E 1 a 2010;S");
  EXPECT_THAT(script->play("P 40"), ElementsAre("a PROCESSING 10 10 min@-"));
}

struct Rearm : Keyed {
  void processElement(const KeyedValue& value, Context& context, Out&) override {
    context.timerService().registerEventTimeTimer(value.second);
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Out& out) override {
    out.collect(std::to_string(time));
    if (time <= 80 || time >= 100) return;
    context.timerService().registerEventTimeTimer(time - 5);
    context.timerService().registerEventTimeTimer(time + 50);
  }
};

TEST(ProcessOperatorTest, TimersRegisteredByTimersFireInTheSameAdvance) {
  EXPECT_THAT(keyedScript(Rearm{})->play("E 1 a 90;E 2 a 95;W 120;W 200"),
              ElementsAre("90@90", "85@85", "80@80", "95@95", "90@90", "85@85", "80@80", "W120",
                          "135@135", "140@140", "145@145", "W200"));
}

struct CountUntilTimer : Keyed {
  void open(const OpenContext&) override {
    count_ = getRuntimeContext().getState(ValueStateDescriptor<int>("count"));
  }
  void processElement(const KeyedValue&, Context& context, Out&) override {
    ++count_.modify();
    context.timerService().registerEventTimeTimer((context.timestamp() + 9) / 10 * 10);
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Out& out) override {
    const int* count = count_.peek();
    out.collect(context.getCurrentKey() + " " + std::to_string(time) + " " +
                (count == nullptr ? "null" : std::to_string(*count)));
    count_.clear();
  }
  ValueState<int> count_;
};

TEST(ProcessOperatorTest, StateInOnTimerIsThatOfTheTimersKey) {
  EXPECT_THAT(keyedScript(CountUntilTimer{})
                  ->play("E 1 a 0;E 2 b 0;E 3 a 0;E 12 a 0;E 13 b 0;W 10;E 14 b 0;W 20"),
              ElementsAre("a 10 3@10", "b 10 2@10", "W10", "a 20 null@20", "b 20 1@20", "W20"));
}

struct SideFromTimer : Keyed {
  void processElement(const KeyedValue&, Context& context, Out&) override {
    context.timerService().registerEventTimeTimer(context.timestamp() + 10);
    context.timerService().registerProcessingTimeTimer(50);
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Out& out) override {
    context.output(OutputTag<std::string>("odd"), std::to_string(time));
    out.collect(std::to_string(time));
  }
};

TEST(ProcessOperatorTest, SideOutputsOfTimersHaveTheirTime) {
  const auto script = keyedScript(SideFromTimer{});
  script->side<std::string>("odd");
  EXPECT_THAT(script->play("P 1;E 5 a 1;W 15;P 50"),
              ElementsAre("15@15", "odd 15@15", "W15", "50@-", "odd 50@50"));
}

TEST(ProcessOperatorTest, ProcessFunctionOnAKeyedInputHasTimersToo) {
  struct Plain : ProcessFunction<KeyedValue, std::string> {
    void processElement(const KeyedValue& value, Context& context, Out&) override {
      context.timerService().registerEventTimeTimer(value.second);
    }
    void onTimer(std::int64_t time, OnTimerContext& context, Out& out) override {
      out.collect(std::to_string(time) +
                  (context.timeDomain() == TimeDomain::EVENT_TIME ? " event" : " processing"));
    }
  };
  EXPECT_THAT(keyedScript(Plain{})->play("E 1 a 7;W 8"), ElementsAre("7 event@7", "W8"));
}

TEST(ProcessOperatorTest, ALambdaSeesTheKey) {
  const auto script = keyedScript([](const KeyedValue&, KeyedProcessContext<std::string>& context,
                                     Out& out) { out.collect(context.getCurrentKey()); });
  EXPECT_THAT(script->play("E 1 a 7;E - b 8"), ElementsAre("a@1", "b@-"));
}

TEST(ProcessOperatorTest, WithoutKeysTimersAreRefusedAndTheWatermarkIsKnown) {
  struct Plain : ProcessFunction<KeyedValue, std::string> {
    void processElement(const KeyedValue& value, Context& context, Out& out) override {
      out.collect(timeText(context.timerService().currentWatermark()));
      if (value.second == 1) context.timerService().registerEventTimeTimer(5);
      if (value.second == 2) context.timerService().deleteProcessingTimeTimer(5);
    }
  };
  OperatorScript script(makeProcessFactory<KeyedValue, std::string>(Plain{}));
  script.main<std::string>();
  EXPECT_THAT(script.play("W 3;E 1 a 0"), ElementsAre("W3", "3@1"));
  EXPECT_THAT(errorOf([&] { script.play("E 1 a 1"); }),
              AllOf(HasSubstr("FLINK-STA-001"),
                    HasSubstr("Setting timers is only supported on a keyed streams.")));
  EXPECT_THAT(errorOf([&] { script.play("E 1 a 2"); }),
              HasSubstr("Deleting timers is only supported on a keyed streams."));
}

TEST(ProcessOperatorTest, WithoutKeysKeyedStateIsRefused) {
  struct Asks : RichMapFunction<KeyedValue, KeyedValue> {
    void open(const OpenContext&) override {
      (void)getRuntimeContext().getListState(ListStateDescriptor<int>("list"));
    }
    KeyedValue map(const KeyedValue& value) override { return value; }
  };
  OperatorScript script(makeMapFactory<KeyedValue>(Asks{}));
  EXPECT_THAT(errorOf([&] { script.play("E 1 a 1"); }),
              AllOf(HasSubstr("FLINK-STA-001"),
                    HasSubstr("Keyed state can only be used on a 'keyed stream', i.e., after a "
                              "'keyBy()' operation.")));
}

/// Every kind of operator of a keyed stream gives its rich function the state of the record's key.
struct CountMap : RichMapFunction<KeyedValue, std::string> {
  void open(const OpenContext&) override {
    count_ = getRuntimeContext().getState(ValueStateDescriptor<int>("count"));
  }
  std::string map(const KeyedValue& value) override {
    return value.first + std::to_string(++count_.modify());
  }
  ValueState<int> count_;
};
struct FirstOfKey : RichFilterFunction<KeyedValue> {
  void open(const OpenContext&) override {
    seen_ = getRuntimeContext().getState(ValueStateDescriptor<bool>("seen"));
  }
  bool filter(const KeyedValue&) override { return !std::exchange(seen_.modify(), true); }
  ValueState<bool> seen_;
};

TEST(ProcessOperatorTest, RichMapOnAKeyedInputHasState) {
  OperatorScript script(makeMapFactory<KeyedValue>(CountMap{}, byFirst()));
  script.main<std::string>();
  EXPECT_THAT(script.play("E 1 a 0;E 2 b 0;E 3 a 0;S;E 4 a 0"),
              ElementsAre("a1@1", "b1@2", "a2@3", "a3@4"));
}

TEST(ProcessOperatorTest, RichFilterOnAKeyedInputHasState) {
  OperatorScript script(makeFilterFactory<KeyedValue>(FirstOfKey{}, byFirst()));
  script.main<KeyedValue>();
  EXPECT_THAT(script.play("E 1 a 0;E 2 b 5;S;E 3 a 6;E 4 c 7"),
              ElementsAre("a 0@1", "b 5@2", "c 7@4"));
}

TEST(ProcessOperatorTest, BatchesMayBringTheirHashes) {
  const auto script = keyedScript(CountUntilTimer{});
  script->play("P 1");
  std::vector<KeyedValue> records;
  std::vector<types::KeyHash> hashes;
  std::vector<types::Timestamp> times;
  for (int i = 0; i < 100; ++i) {
    records.emplace_back("key" + std::to_string(i % 30), i);
    hashes.push_back(types::keyHash(records.back().first));
    times.push_back(5);
  }
  auto& input = dynamic_cast<BatchReceiver<KeyedValue>&>(script->harness().op->input(0));
  input.process({records, hashes.data(), times.data()});
  const auto lines = script->play("W 10");
  ASSERT_EQ(lines.size(), 31);
  EXPECT_EQ(lines[0], "key0 10 4@10");
  EXPECT_EQ(lines[29], "key29 10 3@10");
}

// --- functions with checkpoints ----------------------------------------------------------------

struct Pairs : FlatMapFunction<KeyedValue, std::string>, CheckpointedFunction {
  void initializeState(FunctionInitializationContext& context) override {
    state_ = context.getOperatorStateStore().getListState(ListStateDescriptor<int>("buffer"));
    wasRestored_ = context.isRestored();
    for (const int value : state_.get()) buffer_.push_back(value);
  }
  void snapshotState(FunctionSnapshotContext&) override { state_.update(buffer_); }
  void flatMap(const KeyedValue& value, Out& out) override {
    buffer_.push_back(value.second);
    if (buffer_.size() < 2) return;
    out.collect(std::to_string(buffer_[0]) + " " + std::to_string(buffer_[1]) +
                (wasRestored_ ? " restored" : ""));
    buffer_.clear();
  }
  ListState<int> state_;
  std::vector<int> buffer_;
  bool wasRestored_ = false;
};

TEST(CheckpointedFunctionTest, KeepsWhatItPutIntoOperatorState) {
  OperatorScript script(makeFlatMapFactory<KeyedValue, std::string>(Pairs{}));
  script.main<std::string>();
  EXPECT_THAT(script.play("E 1 a 1;E 2 a 2;E 2 a 3;S;E 3 a 4;S;S;E 4 a 5;E 5 a 6"),
              ElementsAre("1 2@2", "3 4 restored@3", "5 6 restored@5"));
}

TEST(CheckpointedFunctionTest, KeyedStateStoreIsThatOfTheRuntimeContext) {
  struct Counts : FlatMapFunction<KeyedValue, std::string>, CheckpointedFunction {
    void initializeState(FunctionInitializationContext& context) override {
      count_ = context.getKeyedStateStore().getState(ValueStateDescriptor<int>("count"));
    }
    void snapshotState(FunctionSnapshotContext&) override {}
    void flatMap(const KeyedValue& value, Out& out) override {
      out.collect(value.first + std::to_string(++count_.modify()));
    }
    ValueState<int> count_;
  };
  OperatorScript keyed(makeFlatMapFactory<KeyedValue, std::string>(Counts{}, byFirst()));
  keyed.main<std::string>();
  EXPECT_THAT(keyed.play("E 1 a 1;E 2 b 1;S;E 2 a 1"), ElementsAre("a1@1", "b1@2", "a2@2"));
  OperatorScript plain(makeFlatMapFactory<KeyedValue, std::string>(Counts{}));
  EXPECT_THAT(errorOf([&] { plain.play(""); }), HasSubstr("FLINK-STA-001"));
}

TEST(CheckpointedFunctionTest, ListenersHearWhatBecameOfCheckpoints) {
  static std::vector<std::string> heard;
  heard.clear();
  struct Listens : MapFunction<KeyedValue, std::string>, CheckpointListener {
    std::string map(const KeyedValue& value) override { return value.first; }
    void notifyCheckpointComplete(std::int64_t id) override {
      heard.push_back("complete " + std::to_string(id));
    }
    void notifyCheckpointAborted(std::int64_t id) override {
      heard.push_back("aborted " + std::to_string(id));
    }
  };
  OperatorScript script(makeMapFactory<KeyedValue>(Listens{}));
  script.play("");
  script.harness().op->notifyCheckpointComplete(7);
  script.harness().op->notifyCheckpointAborted(8);
  EXPECT_THAT(heard, ElementsAre("complete 7", "aborted 8"));
}

// --- two inputs --------------------------------------------------------------------------------

struct BothSides : KeyedCoProcessFunction<std::string, KeyedValue, KeyedValue, std::string> {
  void processElement1(const KeyedValue& value, Context& context, Out& out) override {
    see("left", value, context, out);
  }
  void processElement2(const KeyedValue& value, Context& context, Out& out) override {
    see("right", value, context, out);
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Out& out) override {
    out.collect(context.getCurrentKey() + " timer " + std::to_string(time) + " " +
                timeText(context.timerService().currentWatermark()));
  }
  static void see(const char* side, const KeyedValue& value, Context& context, Out& out) {
    out.collect(value.first + " " + side + " " +
                timeText(context.timerService().currentWatermark()));
    context.timerService().registerEventTimeTimer(value.second);
  }
};

std::unique_ptr<OperatorScript> coScript() {
  auto script = std::make_unique<OperatorScript>(
      makeCoProcessFactory<KeyedValue, KeyedValue, std::string>(BothSides{}, byFirst(), byFirst()));
  script->main<std::string>();
  return script;
}

TEST(KeyedCoProcessTest, EventTimeIsTheLeastOfBothInputs) {
  EXPECT_THAT(coScript()->play(
                  "E L 1 a 10;E R 2 a 20;W L 100;W R 5;E L 3 a 4;W R 10;W R 50;W R 200;W L 150"),
              ElementsAre("a left min@1", "a right min@2", "W5", "a left 5@3", "a timer 4 10@4",
                          "a timer 10 10@10", "W10", "a timer 20 50@20", "W50", "W100", "W150"));
}

TEST(KeyedCoProcessTest, AnIdleInputDoesNotHoldEventTimeBack) {
  EXPECT_THAT(coScript()->play("E L 1 a 30;W L 20;W R 5;I R idle;W L 40;I R active;W R 10;W L 60;"
                               "E L 41 a 50;W R 45;W R 70"),
              ElementsAre("a left min@1", "W5", "W20", "a timer 30 40@30", "W40", "a left 40@41",
                          "W45", "a timer 50 60@50", "W60"));
}

TEST(KeyedCoProcessTest, BothIdleReachTheGreatest) {
  EXPECT_THAT(coScript()->play("E L 1 a 8;W L 20;W R 5;I L idle;I R idle;E R 6 a 30;I R active;"
                               "W R 15;W R 25;I L active;W L 40"),
              ElementsAre("a left min@1", "W5", "a timer 8 20@8", "W20", "idle", "a right 20@6",
                          "active", "W25"));
}

TEST(KeyedCoProcessTest, TheSidesShareStateAcrossRestarts) {
  struct PerRight : RichCoFlatMapFunction<KeyedValue, KeyedValue, std::string> {
    void open(const OpenContext&) override {
      rights_ = getRuntimeContext().getState(ValueStateDescriptor<int>("rights"));
    }
    void flatMap1(const KeyedValue& value, Out& out) override {
      const int times = rights_.value().value_or(0);
      for (int i = 0; i < times; ++i) out.collect(value.first + std::to_string(value.second));
    }
    void flatMap2(const KeyedValue&, Out&) override { ++rights_.modify(); }
    ValueState<int> rights_;
  };
  OperatorScript script(
      makeCoFlatMapFactory<KeyedValue, KeyedValue, std::string>(PerRight{}, byFirst(), byFirst()));
  script.main<std::string>();
  EXPECT_THAT(
      script.play("E L 1 a 1;E R 2 a 0;E L 3 a 2;E R 4 b 0;S;E R 5 a 0;E L 6 a 3;E L 7 b 4"),
      ElementsAre("a2@3", "a3@6", "a3@6", "b4@7"));
}

}  // namespace
}  // namespace flink::operators
