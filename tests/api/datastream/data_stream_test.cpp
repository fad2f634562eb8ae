#include <gmock/gmock.h>

#include <flink/datastream.h>
#include <tuple>

#include "core/base/error_codes.h"
#include "tests/api/datastream/test_program.h"

namespace flink::datastream {
namespace {

using protocol::ShipStrategy;
using testing::ElementsAre;
using testing::HasSubstr;

struct Order {
  std::string customer;
  double price = 0;
  std::int64_t count = 0;
  [[nodiscard]] const std::string& getCustomer() const { return customer; }
};

class Doubler : public RichMapFunction<std::int64_t, std::int64_t> {
 public:
  std::int64_t map(const std::int64_t& value) override { return value * 2; }
};

class Splitter final : public FlatMapFunction<std::string, std::string> {
 public:
  void flatMap(const std::string& line, Collector<std::string>& out) override {
    splitWords(line, out);
  }
};

class Router final : public ProcessFunction<std::int64_t, std::string> {
 public:
  void processElement(const std::int64_t& value, Context& context,
                      Collector<std::string>& out) override {
    context.output(OutputTag<std::int64_t>("odd"), value);
    out.collect(std::to_string(value));
  }
};

TEST(DataStreamTest, OperatorsHaveFlinksNamesAndNumbers) {
  TestProgram p;
  p.env.fromElements("a b", "c")
      .flatMap([](const std::string& line, Collector<std::string>& out) { splitWords(line, out); })
      .map([](const std::string& word) {
        return std::pair{word, std::int64_t{1}};
      })
      .keyBy([](const auto& wc) -> const std::string& { return wc.first; })
      .sum<1>()
      .filter([](const auto& wc) { return wc.second > 1; })
      .print("label");
  const auto graph = p.executed();
  EXPECT_THAT(namesOf(graph),
              ElementsAre("Source: Collection Source", "Flat Map", "Map", "Keyed Aggregation",
                          "Filter", "Sink: Print to Std. Out"));
  std::vector<std::int32_t> ids;
  for (const auto& node : graph.nodes) ids.push_back(node.id);
  EXPECT_THAT(ids, ElementsAre(1, 2, 3, 5, 6, 7));
}

TEST(DataStreamTest, EveryPartitioningReachesTheEdge) {
  TestProgram p;
  const auto numbers = p.env.fromSequence(1, 10);
  const auto discard = [](const std::int64_t&) {};
  numbers.rebalance().addSink(discard);
  numbers.rescale().addSink(discard);
  numbers.shuffle().addSink(discard);
  numbers.broadcast().addSink(discard);
  numbers.global().addSink(discard);
  numbers.forward().addSink(discard);
  numbers
      .partitionCustom([](std::int64_t key, int n) { return static_cast<int>(key % n); },
                       [](std::int64_t v) { return v; })
      .addSink(discard);
  numbers.keyBy([](std::int64_t v) { return v; }).addSink(discard);
  numbers.addSink(discard);
  std::vector<std::optional<ShipStrategy>> strategies;
  const auto graph = p.executed();
  for (const auto& edge : graph.edges) strategies.push_back(edge.shipStrategy);
  EXPECT_THAT(strategies,
              ElementsAre(ShipStrategy::kRebalance, ShipStrategy::kRescale, ShipStrategy::kShuffle,
                          ShipStrategy::kBroadcast, ShipStrategy::kGlobal, ShipStrategy::kForward,
                          ShipStrategy::kCustom, ShipStrategy::kHash, std::nullopt));
}

TEST(DataStreamTest, ClassesAndMemberPointersServeAsFunctions) {
  TestProgram p;
  p.env.fromSequence(1, 10).map(Doubler()).print();
  p.env.fromElements("a b").flatMap(Splitter()).print();
  const auto orders = p.env.fromCollection(std::vector<Order>{{"x", 1.5, 2}});
  orders.keyBy(&Order::customer).sum(&Order::price).print();
  orders.keyBy(&Order::getCustomer).max(&Order::count).print();
  orders.map(&Order::price).print();
  orders.keyBy(&Order::customer).minBy<1>(false).print();
  orders.keyBy(&Order::customer).maxBy(1).print();
  EXPECT_EQ(p.executed().nodes.size(), 3U + 3U + 1U + 2U * 5U);
}

TEST(DataStreamTest, FieldsByPositionAreCheckedWhenTheProgramRuns) {
  TestProgram p;
  const auto orders =
      p.env.fromCollection(std::vector<Order>{{"x", 1.5, 2}}).keyBy(&Order::customer);
  orders.sum(1).print();
  EXPECT_THROW(orders.sum(7), FlinkException);
  EXPECT_THROW(orders.sum(0), FlinkException) << "text does not add up";
}

TEST(DataStreamTest, AKeyedStreamCanBeANamedVariable) {
  TestProgram p;
  const KeyedStream<std::int64_t, std::int64_t> keyed =
      p.env.fromSequence(1, 10).keyBy([](std::int64_t v) { return v % 3; });
  keyed.reduce([](std::int64_t a, std::int64_t b) { return a + b; }).print();
  EXPECT_THAT(namesOf(p.executed()),
              ElementsAre("Source: Sequence Source", "Keyed Reduce", "Sink: Print to Std. Out"));
}

TEST(DataStreamTest, UnionsFeedOneInputAndConnectsTwo) {
  TestProgram p;
  const auto a = p.env.fromSequence(1, 10);
  const auto b = p.env.fromSequence(1, 10);
  const auto words = p.env.fromElements("x");
  a.union_(b).map([](std::int64_t v) { return v; }).print();
  a.connect(words)
      .map([](std::int64_t v) { return std::to_string(v); },
           [](const std::string& word) { return word; })
      .print();
  a.connect(words)
      .flatMap([](const std::int64_t& v,
                  Collector<std::string>& out) { out.collect(std::to_string(v)); },
               [](const std::string& word, Collector<std::string>& out) { out.collect(word); })
      .print();
  const auto graph = p.executed();
  std::vector<std::int32_t> inputs;
  for (const auto& edge : graph.edges) {
    const std::string& name = graph.node(edge.target).name;
    if (name == "Map" || name == "Co-Map" || name == "Co-Flat Map") inputs.push_back(edge.input);
  }
  EXPECT_THAT(inputs, ElementsAre(0, 0, 0, 1, 0, 1));
}

TEST(DataStreamTest, SideOutputsAreEdgesOfTheirTag) {
  TestProgram p;
  auto routed = p.env.fromSequence(1, 10).process(Router());
  routed.print();
  routed.getSideOutput(OutputTag<std::int64_t>("odd")).print();
  const auto graph = p.executed();
  EXPECT_EQ(graph.edges[1].sideOutputTag, "");
  EXPECT_EQ(graph.edges[2].sideOutputTag, "odd");
  EXPECT_NE(p.env.programGraph()->edgeCodec(2, graph.edges[2].target, 0, "odd"), nullptr);
  EXPECT_EQ(p.env.programGraph()->edgeCodec(2, graph.edges[2].target, 0, "other"), nullptr);
}

TEST(DataStreamTest, SettersReachTheOperator) {
  TestProgram p;
  p.env.setParallelism(4).setMaxParallelism(64);
  p.env.fromSequence(1, 10)
      .name("numbers")
      .uid("source")
      .map([](std::int64_t v) { return v; })
      .name("same")
      .setParallelism(2)
      .setMaxParallelism(8)
      .setBufferTimeout(7)
      .slotSharingGroup(SlotSharingGroup::newBuilder("heavy").setCpuCores(1.5).build())
      .disableChaining()
      .print()
      .name("out")
      .slotSharingGroup("default");
  const auto graph = p.executed();
  EXPECT_EQ(graph.maxParallelism, 64);
  EXPECT_EQ(graph.nodes[0].name, "Source: numbers");
  EXPECT_EQ(graph.nodes[0].uid, "source");
  EXPECT_EQ(graph.nodes[0].parallelism, 4);
  EXPECT_EQ(graph.nodes[1].parallelism, 2);
  EXPECT_EQ(graph.nodes[1].maxParallelism, 8);
  EXPECT_EQ(graph.nodes[1].bufferTimeoutMs, 7);
  EXPECT_EQ(graph.nodes[1].slotSharingGroup, "heavy");
  EXPECT_EQ(graph.nodes[1].chaining, graph::ChainingStrategy::kNever);
  EXPECT_EQ(graph.slotSharingProfiles.at("heavy").cpuCores, 1.5);
  EXPECT_EQ(graph.nodes[2].name, "Sink: out");
}

TEST(DataStreamTest, MistakesAreThrownWithTheOperatorsName) {
  TestProgram p;
  auto words = p.env.fromElements("a");
  try {
    words.setParallelism(2);
    FAIL();
  } catch (const FlinkException& error) {
    EXPECT_EQ(error.status().code(), ErrorCode::kJobGraphInvalid);
    EXPECT_THAT(error.what(), HasSubstr("operator=Source: Collection Source parallelism=2"));
  }
  EXPECT_THROW(p.env.setParallelism(0), FlinkException);
  EXPECT_THROW(p.env.fromSequence(2, 1), FlinkException);
  const auto keyed = p.env.fromSequence(1, 2).keyBy([](std::int64_t v) { return v; });
  EXPECT_THROW(keyed.union_(keyed.rebalance()).print(), FlinkException);
}

TEST(DataStreamTest, ASinkWithAWriterIsNamedAsInFlink) {
  TestProgram p;
  p.env.fromSequence(1, 2).sinkTo(DiscardingSink<std::int64_t>());
  p.env.fromSequence(1, 2).sinkTo(DiscardingSink<std::int64_t>()).name("nothing");
  EXPECT_THAT(namesOf(p.executed()), ElementsAre("Source: Sequence Source", "Sink: Writer",
                                                 "Source: Sequence Source", "nothing: Writer"));
}

TEST(DataStreamTest, TheSequencePlanIsTheOneFlinkPrints) {
  TestProgram p;
  p.env.setParallelism(2);
  p.env.fromSequence(1, 10)
      .map([](std::int64_t v) { return v; })
      .keyBy([](std::int64_t v) { return v; })
      .map([](std::int64_t v) { return v; })
      .sinkTo(DiscardingSink<std::int64_t>());
  const std::string plan = p.env.getExecutionPlan();
  for (const char* id : {"\"id\" : 1,", "\"id\" : 2,", "\"id\" : 4,", "\"id\" : 7,"})
    EXPECT_THAT(plan, HasSubstr(id));
  EXPECT_THAT(plan, HasSubstr("\"type\" : \"Sink: Writer\",\n    \"pact\" : \"Operator\""));
}

TEST(DataStreamTest, DebugAndSampleAreOperatorsOfTheirOwn) {
  TestProgram p;
  const auto numbers = p.env.fromSequence(1, 10);
  DebuggingUtils::debug(numbers, "numbers").print();
  DebuggingUtils::sample(numbers, 0.1, "some").print();
  EXPECT_THAT(namesOf(p.executed()),
              ElementsAre("Source: Sequence Source", "Debug: numbers", "Sink: Print to Std. Out",
                          "Sample: some", "Sink: Print to Std. Out"));
  EXPECT_THROW(DebuggingUtils::sample(numbers, 1.5, "x"), FlinkException);
}

}  // namespace
}  // namespace flink::datastream
