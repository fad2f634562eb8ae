// Interval joins and broadcast state. The scripts follow recorded runs of Flink.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataflow/operators/broadcast_operator.h"
#include "dataflow/operators/interval_join_operator.h"
#include "operator_script.h"

namespace flink::operators {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Out = Collector<std::string>;
using Settings = IntervalJoinSettings<KeyedValue, KeyedValue>;

// --- interval join -----------------------------------------------------------------------------

/// `key left right leftTime rightTime time`
struct ShowPair : ProcessJoinFunction<KeyedValue, KeyedValue, std::string> {
  void processElement(const KeyedValue& left, const KeyedValue& right, Context& context,
                      Out& out) override {
    std::string text = left.first;
    for (const std::int64_t n :
         {std::int64_t{left.second}, std::int64_t{right.second}, context.getLeftTimestamp(),
          context.getRightTimestamp(), context.getTimestamp()})
      text += " " + std::to_string(n);
    out.collect(text);
  }
};

std::unique_ptr<OperatorScript> joinScript(std::int64_t lower, std::int64_t upper) {
  Settings settings{lower, upper, OutputTag<KeyedValue>("late_left"),
                    OutputTag<KeyedValue>("late_right")};
  auto script =
      std::make_unique<OperatorScript>(makeIntervalJoinFactory<KeyedValue, KeyedValue, std::string>(
          ShowPair{}, byFirst(), byFirst(), settings));
  script->main<std::string>();
  script->side<KeyedValue>("late_left");
  script->side<KeyedValue>("late_right");
  return script;
}

TEST(IntervalJoinTest, PairsComeAtOnceAndBoundsAreIncluded) {
  EXPECT_THAT(joinScript(-2, 3)->play("E L 10 a 1;E R 7 a 70;E R 8 a 80;E R 13 a 130;E R 14 a 140;"
                                      "E L 11 a 2;E L 12 b 3;E R 8 a 81;E R 12 b 120"),
              ElementsAre("a 1 80 10 8 10@10", "a 1 130 10 13 13@13", "a 2 130 11 13 13@13",
                          "a 2 140 11 14 14@14", "a 1 81 10 8 10@10", "b 3 120 12 12 12@12"));
}

TEST(IntervalJoinTest, LateRecordsGoToTheirSideOutput) {
  EXPECT_THAT(
      joinScript(-5, 5)->play("E L 10 a 1;W L 10;E R 9 a 10;W R 10;E R 9 a 20;E R 10 a 30;"
                              "E L 9 a 2;E L 10 a 3;W L 15;W R 14;E R 13 a 40;E R 15 a 50;W R 15;"
                              "E R 15 a 60;E L 16 a 4"),
      ElementsAre("a 1 10 10 9 10@10", "W10", "late_right a 20@9", "a 1 30 10 10 10@10",
                  "late_left a 2@9", "a 3 10 10 9 10@10", "a 3 30 10 10 10@10", "W14",
                  "late_right a 40@13", "a 1 50 10 15 15@15", "a 3 50 10 15 15@15", "W15",
                  "a 4 50 16 15 16@16", "a 4 60 16 15 16@16"));
}

TEST(IntervalJoinTest, NegativeBounds) {
  EXPECT_THAT(joinScript(-10, -5)->play("E R 0 a 10;E L 5 a 1;E L 10 a 2;E L 11 a 3;W L 9;W R 9;"
                                        "E R 9 a 20;E L 10 a 4;E L 19 a 5;W L 10;W R 10;E L 10 a 6;"
                                        "W L 11;W R 11;E L 11 a 7;E L 19 a 8"),
              ElementsAre("a 1 10 5 0 5@5", "a 2 10 10 0 10@10", "W9", "a 4 10 10 0 10@10",
                          "a 5 20 19 9 19@19", "W10", "W11", "a 8 20 19 9 19@19"));
}

TEST(IntervalJoinTest, PositiveBoundsAreCleanedUpAtTheirWatermark) {
  EXPECT_THAT(joinScript(5, 10)->play("E L 0 a 1;W L 9;W R 9;E R 10 a 10;W L 10;W R 10;E R 10 a 20;"
                                      "E R 11 a 30;E L 6 a 2;E L 3 a 3"),
              ElementsAre("W9", "a 1 10 0 10 10@10", "W10", "late_left a 2@6", "late_left a 3@3"));
}

TEST(IntervalJoinTest, NothingIsKeptOnceNoPartnerCanFollow) {
  const auto script = joinScript(-5, 10);
  script->play("E L 10 a 1;E R 12 a 2;E L 12 b 3;E R 9 c 4;W L 22;W R 22");
  for (const auto& figure : script->keyedState().figures())
    EXPECT_EQ(figure.numEntries, 0) << figure.name;
}

TEST(IntervalJoinTest, BuffersAndTimersOutliveARestart) {
  EXPECT_THAT(
      joinScript(0, 10)->play("E L 10 a 1;E R 30 a 10;W L 15;W R 15;S;E R 12 a 20;E L 25 a 2;"
                              "W L 20;W R 20;S;E R 20 a 30;E L 25 a 3"),
      ElementsAre("W15", "a 1 20 10 12 12@12", "a 2 10 25 30 30@30", "W20", "a 3 10 25 30 30@30"));
}

TEST(IntervalJoinTest, RecordsWithoutTimestampAreRefused) {
  const auto script = joinScript(-5, 5);
  script->play("E L 10 a 1");
  EXPECT_THAT(errorOf([&] { script->play("E R - a 10"); }),
              AllOf(HasSubstr("FLINK-WIN-001"), HasSubstr("Long.MIN_VALUE timestamp")));
}

// --- broadcast state ---------------------------------------------------------------------------

const MapStateDescriptor<std::string, int>& rules() {
  static const MapStateDescriptor<std::string, int> descriptor("rules");
  return descriptor;
}

template <class State>
std::string show(const State& state) {
  auto entries = state.immutableEntries();
  std::sort(entries.begin(), entries.end());
  std::string text = "{";
  for (const auto& [name, n] : entries) text += name + "=" + std::to_string(n) + ";";
  return text + "}";
}

template <class F, class Keys>
std::unique_ptr<OperatorScript> broadcastScript(F function, Keys keys) {
  std::unique_ptr<OperatorScript> script =
      std::make_unique<OperatorScript>(makeBroadcastFactory<KeyedValue, KeyedValue, std::string>(
          std::move(function), keys, std::vector{broadcastDescriptor(rules())}));
  script->main<std::string>();
  return script;
}

struct Rules : BroadcastProcessFunction<KeyedValue, KeyedValue, std::string> {
  void processElement(const KeyedValue& value, ReadOnlyContext& context, Out& out) override {
    out.collect(value.first + std::to_string(value.second) +
                show(context.getBroadcastState(rules())));
  }
  void processBroadcastElement(const KeyedValue& rule, Context& context, Out& out) override {
    auto state = context.getBroadcastState(rules());
    if (rule.second < 0) {
      state.remove(rule.first);
    } else {
      state.put(rule.first, rule.second);
    }
    out.collect(rule.first + (context.hasTimestamp() ? " rule" : " rule without time"));
  }
};

TEST(BroadcastOperatorTest, RecordsSeeTheRulesThatCameBeforeAlsoAfterARestart) {
  EXPECT_THAT(broadcastScript(Rules{}, NoKeys{})
                  ->play("E L 1 a 1;E R 2 x 5;E L 3 a 2;S;E R - y 6;E L 4 b 3;E R 5 x -1;E L 6 c 4;"
                         "W L 5;W R 4"),
              ElementsAre("a1{}@1", "x rule@2", "a2{x=5;}@3", "y rule without time@-",
                          "b3{x=5;y=6;}@4", "x rule@5", "c4{y=6;}@6", "W4"));
}

TEST(BroadcastOperatorTest, MapsThatWereNotDeclaredAreRefused) {
  struct Asks : BroadcastProcessFunction<KeyedValue, KeyedValue, std::string> {
    void processElement(const KeyedValue&, ReadOnlyContext& context, Out&) override {
      (void)context.getBroadcastState(MapStateDescriptor<std::string, int>("other"));
    }
    void processBroadcastElement(const KeyedValue&, Context&, Out&) override {}
  };
  const auto script = broadcastScript(Asks{}, NoKeys{});
  EXPECT_THAT(errorOf([&] { script->play("E L 1 a 1"); }),
              AllOf(HasSubstr("The requested state does not exist."), HasSubstr("state=other")));
}

struct Sums : KeyedBroadcastProcessFunction<std::string, KeyedValue, KeyedValue, std::string> {
  ValueStateDescriptor<int> sums{"sum"};
  ValueState<int> sum;
  void open(const OpenContext&) override { sum = getRuntimeContext().getState(sums); }
  void processElement(const KeyedValue& value, ReadOnlyContext& context, Out&) override {
    sum.modify() += value.second;
    context.timerService().registerEventTimeTimer(value.second);
  }
  void processBroadcastElement(const KeyedValue& rule, Context& context, Out& out) override {
    context.applyToKeyedState(sums, [&](const std::string& key, ValueState<int>& state) {
      out.collect(rule.first + " " + key + " " + std::to_string(*state.value()));
      state.update(*state.value() + rule.second);
    });
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Out& out) override {
    out.collect(context.getCurrentKey() + " " + std::to_string(time) + " " +
                std::to_string(*sum.value()) +
                (context.timeDomain() == TimeDomain::EVENT_TIME ? "" : " processing"));
  }
};

TEST(BroadcastOperatorTest, AppliesToTheStateOfAllKeys) {
  const auto script = broadcastScript(Sums{}, byFirst());
  EXPECT_THAT(script->play("E R 0 r0 1;E L 1 a 1;E L 2 b 10;E L 3 a 2;E R 9 r1 100"),
              UnorderedElementsAre("r1 a 3@9", "r1 b 10@9"));
  EXPECT_THAT(script->play("E L 4 a 4;W L 2;W R 2"), ElementsAre("a 1 107@1", "a 2 107@2", "W2"));
  EXPECT_THAT(
      script->play("S;E R 10 r2 0;W L 20;W R 20"),
      UnorderedElementsAre("r2 b 110@10", "r2 a 107@10", "a 4 107@4", "b 10 110@10", "W20"));
}

TEST(BroadcastOperatorTest, TheBroadcastSideHasNoKey) {
  struct Reads : KeyedBroadcastProcessFunction<std::string, KeyedValue, KeyedValue, std::string> {
    ValueState<int> state;
    void open(const OpenContext&) override {
      state = getRuntimeContext().getState(ValueStateDescriptor<int>("n"));
    }
    void processElement(const KeyedValue&, ReadOnlyContext&, Out&) override { ++state.modify(); }
    void processBroadcastElement(const KeyedValue&, Context&, Out&) override {
      (void)state.value();
    }
  };
  const auto script = broadcastScript(Reads{}, byFirst());
  script->play("E L 1 a 1");
  EXPECT_THAT(errorOf([&] { script->play("E R 2 x 5"); }), HasSubstr("FLINK-STA-001"));
}

}  // namespace
}  // namespace flink::operators
