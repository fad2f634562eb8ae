// Functions with keys, time and state, as programs write them: what operators the graph gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <flink/async.h>
#include <flink/datastream.h>
#include <flink/joins.h>
#include <flink/state.h>

#include "dataflow/state/value_ops.h"
#include "test_program.h"

namespace flink::datastream {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Pair = std::pair<std::string, int>;

/// The operator instance of a node.
std::unique_ptr<operators::StreamOperator> operatorOf(TestProgram& program, std::int32_t node) {
  return program.env.programGraph()->operatorFactory(node)->create({});
}
bool hasKeys(TestProgram& program, const auto& stream) {
  return operatorOf(program, stream.handle().node())->stateKey() != nullptr;
}

struct CountPerKey : KeyedProcessFunction<std::string, Pair, int> {
  void processElement(const Pair&, Context&, Collector<int>&) override {}
};
struct RichCount : RichMapFunction<Pair, int> {
  int map(const Pair& pair) override { return pair.second; }
};
struct Both : KeyedCoProcessFunction<std::string, Pair, Pair, int> {
  void processElement1(const Pair&, Context&, Collector<int>&) override {}
  void processElement2(const Pair&, Context&, Collector<int>&) override {}
};
struct SameByOtherName : CoKeyedProcessFunction<std::string, Pair, Pair, int> {
  void processElement1(const Pair&, Context&, Collector<int>&) override {}
  void processElement2(const Pair&, Context&, Collector<int>&) override {}
};
struct Rules : KeyedBroadcastProcessFunction<std::string, Pair, Pair, int> {
  void processElement(const Pair&, ReadOnlyContext&, Collector<int>&) override {}
  void processBroadcastElement(const Pair&, Context&, Collector<int>&) override {}
};
struct PlainRules : BroadcastProcessFunction<Pair, Pair, int> {
  void processElement(const Pair&, ReadOnlyContext&, Collector<int>&) override {}
  void processBroadcastElement(const Pair&, Context&, Collector<int>&) override {}
};

TEST(KeyedFunctionsTest, OnlyFunctionsThatCanAskForStateGetKeys) {
  TestProgram program;
  const auto keyed = program.env.fromElements(Pair("a", 1)).keyBy(&Pair::first);
  EXPECT_TRUE(hasKeys(program, keyed.process(CountPerKey{})));
  EXPECT_TRUE(hasKeys(program, keyed.map(RichCount{})));
  EXPECT_FALSE(hasKeys(program, keyed.map([](const Pair& pair) { return pair.second; })));
  EXPECT_FALSE(hasKeys(program, keyed.rebalance().map(RichCount{})));
  EXPECT_TRUE(hasKeys(program, keyed.connect(keyed).process(Both{})));
  EXPECT_TRUE(hasKeys(program, keyed.connect(keyed).process(SameByOtherName{})));
}

TEST(KeyedFunctionsTest, BroadcastEdgesReachEverySubtask) {
  TestProgram program;
  const auto events = program.env.fromElements(Pair("a", 1));
  const MapStateDescriptor<std::string, int> rules("rules");
  const auto keyed = events.keyBy(&Pair::first).connect(events.broadcast(rules)).process(Rules{});
  EXPECT_TRUE(hasKeys(program, keyed));
  const auto plain = events.connect(events.broadcast(rules)).process(PlainRules{});
  EXPECT_FALSE(hasKeys(program, plain));
  keyed.print();
  plain.print();
  const auto graph = program.executed();
  EXPECT_EQ(graph.node(keyed.handle().node()).name, "Co-Process-Broadcast-Keyed");
  EXPECT_EQ(graph.node(plain.handle().node()).name, "Co-Process-Broadcast");
  std::vector<protocol::ShipStrategy> strategies;
  for (const auto* edge : graph.inEdges(keyed.handle().node()))
    strategies.push_back(edge->shipStrategy.value_or(protocol::ShipStrategy::kForward));
  EXPECT_THAT(strategies,
              ElementsAre(protocol::ShipStrategy::kHash, protocol::ShipStrategy::kBroadcast));
}

TEST(KeyedFunctionsTest, IntervalJoinChecksItsBounds) {
  TestProgram program;
  const auto keyed = program.env.fromElements(Pair("a", 1)).keyBy(&Pair::first);
  const auto join = keyed.intervalJoin(keyed);
  const auto pairs = [](const Pair&, const Pair&, JoinContext&, Collector<int>&) {};
  EXPECT_TRUE(hasKeys(program, join.between(-1ms, 1ms).process(pairs)));
  EXPECT_THROW((void)join.between(1ms, -1ms), FlinkException);
  EXPECT_THROW((void)join.between(1ms, 1ms).lowerBoundExclusive().process(pairs), FlinkException);
}

struct Lookup : RichAsyncFunction<Pair, std::string> {
  void asyncInvoke(const Pair& pair, ResultFuture<std::string> future) override {
    future.complete({pair.first});
  }
};

TEST(AsyncDataStreamTest, TakesFunctionsAndChecksItsSettings) {
  TestProgram program;
  const auto stream = program.env.fromElements(Pair("a", 1));
  const auto lambda = [](const Pair& pair, ResultFuture<int> future) {
    future.complete({pair.second});
  };
  const DataStream<std::string> names = AsyncDataStream::orderedWait(stream, Lookup{}, 1s, 10);
  const DataStream<int> numbers = AsyncDataStream::unorderedWaitWithRetry(
      stream, lambda, 1s, 10, AsyncRetryStrategies::fixedDelay<int>(3, 100ms));
  names.print();
  numbers.print();
  EXPECT_EQ(program.executed().node(names.handle().node()).name, "async wait operator");
  EXPECT_THROW((void)AsyncDataStream::orderedWait(stream, Lookup{}, 1s, 0), FlinkException);
  EXPECT_THROW((void)AsyncDataStream::unorderedWait(stream, lambda, -1ms), FlinkException);
}

TEST(EventTimeProgramTest, WatermarksHaveTheirOperator) {
  TestProgram program;
  const auto stream =
      program.env.fromElements(Pair("a", 1))
          .assignTimestampsAndWatermarks(
              WatermarkStrategy<Pair>::forMonotonousTimestamps().withTimestampAssigner(
                  [](const Pair& p) { return p.second; }));
  stream.print();
  EXPECT_EQ(program.executed().node(stream.handle().node()).name, "Timestamps/Watermarks");
}

TEST(EventTimeProgramTest, AutoWatermarkIntervalTravelsWithTheJob) {
  TestProgram program;
  program.env.fromElements(1).print();
  EXPECT_EQ(program.jobGraph().autoWatermarkIntervalMs, 200);
  program.env.getConfig().setAutoWatermarkInterval(2000);
  program.env.fromElements(1).print();
  EXPECT_EQ(program.jobGraph().autoWatermarkIntervalMs, 2000);
  program.env.setStreamTimeCharacteristic(TimeCharacteristic::ProcessingTime);
  program.env.fromElements(1).print();
  EXPECT_EQ(program.jobGraph().autoWatermarkIntervalMs, 0);
  EXPECT_THROW(program.env.getConfig().setAutoWatermarkInterval(-1), FlinkException);

  Configuration configuration;
  configuration.setString("pipeline.auto-watermark-interval", "3 s");
  program.env.configure(configuration);
  program.env.fromElements(1).print();
  EXPECT_EQ(program.jobGraph().autoWatermarkIntervalMs, 3000);
}

}  // namespace
}  // namespace flink::datastream
