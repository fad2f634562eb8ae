#include "dataflow/graph/job_graph_generator.h"

#include <gmock/gmock.h>

#include "core/base/error_codes.h"
#include "dataflow/graph/fingerprint.h"
#include "dataflow/graph/plan_json.h"
#include "tests/dataflow/graph/graph_builder.h"

namespace flink::graph {
namespace {

using testing::AllOf;
using testing::HasSubstr;

protocol::JobGraph generate(const StreamGraph& graph) {
  auto job = generateJobGraph(graph, JobId{});
  EXPECT_TRUE(job.isOk()) << job.status().toString();
  return *std::move(job);
}

std::string errorOf(const StreamGraph& graph) {
  auto job = generateJobGraph(graph, JobId{});
  EXPECT_FALSE(job.isOk());
  EXPECT_EQ(job.status().code(), ErrorCode::kJobGraphInvalid);
  return job.status().message();
}

GraphBuilder steady() {
  GraphBuilder b("steady");
  b.source(1, "Custom Source");
  b.keyed(4, "Map", 1);
  b.op(7, "Sink: Writer", {4});
  return b;
}

TEST(JobGraphGeneratorTest, PlanIsTheOneFlinkShows) {
  const auto job = generate(steady().graph);
  EXPECT_EQ(
      job.planJson,
      R"({"type":"STREAMING","nodes":[{"id":"20ba6b65f97481d5570070de90e4e791","operator":"","parallelism":2,)"
      R"("operator_strategy":"","description":"Map<br/>+- Sink: Writer<br/>","optimizer_properties":{},)"
      R"("inputs":[{"id":"bc764cd8ddf7a0cff126f51c16239658","num":0,"exchange":"pipelined_bounded",)"
      R"("ship_strategy":"HASH"}]},{"id":"bc764cd8ddf7a0cff126f51c16239658","operator":"","parallelism":2,)"
      R"("operator_strategy":"","description":"Source: Custom Source<br/>","optimizer_properties":{}}]})");
}

TEST(JobGraphGeneratorTest, VerticesAreInTopologicalOrderWithTheirChains) {
  const auto job = generate(steady().graph);
  ASSERT_EQ(job.vertices.size(), 2U);
  EXPECT_EQ(job.vertices[0].name, "Source: Custom Source");
  EXPECT_EQ(job.vertices[1].name, "Map -> Sink: Writer");
  EXPECT_EQ(job.vertices[1].maxParallelism, 128);
  EXPECT_FALSE(job.vertices[1].maxParallelismConfigured);
  ASSERT_EQ(job.vertices[1].operators.size(), 2U);
  EXPECT_THAT(job.vertices[1].operators[0].chainedOutputs, testing::ElementsAre(7));
  ASSERT_EQ(job.edges.size(), 1U);
  EXPECT_EQ(job.edges[0].sourceStreamNode, 1);
  EXPECT_EQ(job.edges[0].targetStreamNode, 4);
  EXPECT_EQ(job.edges[0].source, job.vertices[0].id);
  EXPECT_EQ(job.edges[0].target, job.vertices[1].id);
}

TEST(JobGraphGeneratorTest, SeveralChainedOutputsAreNamedAndDrawnAsATree) {
  GraphBuilder b;
  b.source(1, "s");
  b.op(2, "A", {1});
  b.op(3, "B", {1});
  b.op(4, "C <x>", {2});
  const auto job = generate(b.graph);
  ASSERT_EQ(job.vertices.size(), 1U);
  EXPECT_EQ(job.vertices[0].name, "Source: s -> (A -> C <x>, B)");
  EXPECT_EQ(job.vertices[0].description, "Source: s<br/>:- A<br/>:  +- C &lt;x&gt;<br/>+- B<br/>");
}

TEST(JobGraphGeneratorTest, ConsumersComeBeforeTheirProducersInThePlan) {
  GraphBuilder b;
  b.source(1, "s");
  b.keyed(2, "A", 1);
  b.keyed(3, "B", 1);
  b.op(4, "U", {2, 3});
  const auto job = generate(b.graph);
  std::vector<std::string> names;
  for (const auto* vertex : planOrder(job)) names.push_back(vertex->name);
  EXPECT_THAT(names, testing::ElementsAre("U", "A", "B", "Source: s"));
}

TEST(JobGraphGeneratorTest, EveryEdgeOfAVertexHasADataSetOfItsOwn) {
  GraphBuilder b;
  b.source(1, "s");
  b.keyed(2, "A", 1);
  b.keyed(3, "B", 1);
  const auto job = generate(b.graph);
  ASSERT_EQ(job.edges.size(), 2U);
  EXPECT_NE(job.edges[0].dataSet, job.edges[1].dataSet);
}

TEST(JobGraphGeneratorTest, InfoPrintsTheOperatorsAsFlinkDoes) {
  GraphBuilder b;
  b.source(1, "Sequence Source");
  b.op(2, "Map", {1});
  const std::string expected = R"({
  "nodes" : [ {
    "id" : 1,
    "type" : "Source: Sequence Source",
    "pact" : "Data Source",
    "contents" : "Source: Sequence Source",
    "parallelism" : 2
  }, {
    "id" : 2,
    "type" : "Map",
    "pact" : "Operator",
    "contents" : "Map",
    "parallelism" : 2,
    "predecessors" : [ {
      "id" : 1,
      "ship_strategy" : "FORWARD",
      "side" : "second"
    } ]
  } ]
})";
  EXPECT_EQ(executionPlanJson(b.graph), expected);
}

TEST(JobGraphGeneratorTest, BatchMakesEveryExchangeBlockingAndStopsBufferTimeouts) {
  GraphBuilder b = steady();
  b.graph.runtimeMode = RuntimeMode::kBatch;
  const auto job = generate(b.graph);
  EXPECT_EQ(job.type, protocol::JobType::kBatch);
  EXPECT_EQ(job.edges[0].exchange, protocol::ExchangeType::kBlocking);
  EXPECT_TRUE(job.edges[0].compressed);
  EXPECT_EQ(job.vertices[0].bufferTimeoutMs, -1);
  EXPECT_THAT(job.planJson, HasSubstr(R"("exchange":"blocking")"));
}

TEST(JobGraphGeneratorTest, AutomaticIsBatchOnlyWhenEverySourceIsBounded) {
  GraphBuilder b = steady();
  b.graph.runtimeMode = RuntimeMode::kAutomatic;
  EXPECT_EQ(generate(b.graph).type, protocol::JobType::kBatch);
  b.graph.node(1).bounded = false;
  EXPECT_EQ(generate(b.graph).type, protocol::JobType::kStreaming);
}

TEST(JobGraphGeneratorTest, TheBufferTimeoutIsThatOfTheOperatorWhoseRecordsLeave) {
  GraphBuilder b;
  b.source(1, "s").bufferTimeoutMs = 5;
  b.op(2, "Map", {1}).bufferTimeoutMs = 0;
  b.keyed(3, "Sum", 2);
  const auto job = generate(b.graph);
  EXPECT_EQ(job.vertices[0].bufferTimeoutMs, 0);
  EXPECT_EQ(job.vertices[1].bufferTimeoutMs, 100);
}

TEST(JobGraphGeneratorTest, EventTimeWithoutTimestampsIsRefused) {
  GraphBuilder b;
  b.source(1, "texts").timestamps = Timestamps::kMissing;
  b.source(2, "orders").timestamps = Timestamps::kAssigned;
  b.op(3, "Map", {1});
  b.op(4, "Union", {2, 3});
  b.keyed(5, "Window", 4).timestamps = Timestamps::kRequired;
  const auto refused = generateJobGraph(b.graph, JobId{});
  EXPECT_EQ(refused.status().code(), ErrorCode::kRecordWithoutTimestamp);
  EXPECT_THAT(refused.status().message(),
              AllOf(HasSubstr("operator=Window"), HasSubstr("source=Source: texts")));
  b.graph.node(3).timestamps = Timestamps::kAssigned;
  EXPECT_TRUE(generateJobGraph(b.graph, JobId{}).isOk());
}

TEST(JobGraphGeneratorTest, ConfiguredMaximumParallelismIsKept) {
  GraphBuilder b = steady();
  b.graph.maxParallelism = 16;
  b.graph.node(4).maxParallelism = 8;
  const auto job = generate(b.graph);
  EXPECT_EQ(job.vertices[0].maxParallelism, 16);
  EXPECT_EQ(job.vertices[1].maxParallelism, 8);
  EXPECT_TRUE(job.vertices[1].maxParallelismConfigured);
}

TEST(JobGraphGeneratorTest, ProfilesStayWithTheirGroup) {
  GraphBuilder b = steady();
  b.graph.node(4).slotSharingGroup = "heavy";
  b.graph.slotSharingProfiles["heavy"].managedBytes = 1 << 20;
  const auto job = generate(b.graph);
  ASSERT_EQ(job.slotSharingGroups.size(), 2U);
  EXPECT_EQ(job.slotSharingGroups[0].name, "default");
  EXPECT_FALSE(job.slotSharingGroups[0].profile.has_value());
  EXPECT_EQ(job.slotSharingGroups[1].name, "heavy");
  EXPECT_EQ(job.slotSharingGroups[1].profile->managedBytes, 1 << 20);
  EXPECT_NE(job.slotSharingGroups[0].id, job.slotSharingGroups[1].id);
}

TEST(JobGraphGeneratorTest, MistakesNameTheOperator) {
  EXPECT_THAT(errorOf(StreamGraph{}), HasSubstr("no operators are defined"));
  GraphBuilder b = steady();
  b.graph.node(4).maxParallelism = 1;
  EXPECT_THAT(errorOf(b.graph), HasSubstr("operator=Map parallelism=2 maxParallelism=1"));
  b = steady();
  b.graph.node(4).parallelism = 0;
  EXPECT_THAT(errorOf(b.graph), HasSubstr("operator=Map parallelism=0"));
  b = steady();
  b.graph.node(1).parallel = false;
  EXPECT_THAT(errorOf(b.graph), HasSubstr("operator=Source: Custom Source parallelism=2"));
  b = steady();
  b.graph.edges[1].shipStrategy = protocol::ShipStrategy::kForward;
  b.graph.node(7).parallelism = 1;
  EXPECT_THAT(errorOf(b.graph),
              HasSubstr("operator=Map parallelism=2 downstream=Sink: Writer parallelism=1"));
  b = steady();
  b.graph.node(1).bounded = false;
  b.graph.runtimeMode = RuntimeMode::kBatch;
  EXPECT_THAT(errorOf(b.graph), HasSubstr("operator=Source: Custom Source"));
  b = steady();
  b.graph.edges.clear();
  EXPECT_THAT(errorOf(b.graph), HasSubstr("no input: operator=Map"));
}

TEST(JobGraphGeneratorTest, TheFingerprintNamesTheFirstOperatorThatDiffers) {
  const auto job = generate(steady().graph);
  GraphBuilder same = steady();
  same.graph.node(4).parallelism = 7;
  same.graph.node(4).name = "other name";
  EXPECT_TRUE(checkFingerprint(job, same.graph).isOk());

  GraphBuilder other = steady();
  other.graph.node(4).signature = "Filter";
  other.graph.node(4).name = "Filter";
  const Status differs = checkFingerprint(job, other.graph);
  ASSERT_FALSE(differs.isOk());
  EXPECT_EQ(differs.code(), ErrorCode::kFingerprintMismatch);
  EXPECT_THAT(differs.message(), HasSubstr("submitted=Map (#4) here=Filter (#4)"));

  other = steady();
  other.graph.nodes.pop_back();
  other.graph.edges.pop_back();
  EXPECT_THAT(checkFingerprint(job, other.graph).message(),
              HasSubstr("submitted=Sink: Writer (#7) here=nothing"));
}

TEST(JobGraphGeneratorTest, OverridesWinOverTheProgramsParallelism) {
  GraphBuilder b = steady();
  b.graph.node(4).chaining = ChainingStrategy::kHead;
  b.op(9, "Sink: other", {7}).chaining = ChainingStrategy::kHead;
  const std::string sink = generate(b.graph).vertices[2].id.toHex();
  b.graph.parallelismOverrides[sink] = 5;
  const auto job = generate(b.graph);
  EXPECT_EQ(job.vertices[1].parallelism, 2);
  EXPECT_EQ(job.vertices[2].parallelism, 5);
  EXPECT_EQ(job.edges[1].shipStrategy, protocol::ShipStrategy::kRescale);
}

TEST(JobGraphGeneratorTest, UidsCanBeMadeMandatory) {
  GraphBuilder b = steady();
  b.graph.requireUids = true;
  b.graph.node(1).uid = "source";
  EXPECT_THAT(errorOf(b.graph), HasSubstr("no uid: operator=Map"));
}

TEST(JobGraphGeneratorTest, DescriptionsCanCascadeAndNamesBeNumbered) {
  GraphBuilder b = steady();
  b.graph.cascadingDescriptions = true;
  b.graph.vertexIndexPrefix = true;
  const auto job = generate(b.graph);
  EXPECT_EQ(job.vertices[1].name, "[vertex-1]Map -> Sink: Writer");
  EXPECT_EQ(job.vertices[1].description, "[vertex-1]Map -&gt; Sink: Writer");
}

TEST(JobGraphGeneratorTest, DotHasAllVerticesAndEdges) {
  const std::string dot = planDot(generate(steady().graph));
  EXPECT_THAT(
      dot,
      HasSubstr(
          R"("20ba6b65f97481d5570070de90e4e791" [label="Map -> Sink: Writer\nparallelism 2"])"));
  EXPECT_THAT(
      dot,
      HasSubstr(
          R"("bc764cd8ddf7a0cff126f51c16239658" -> "20ba6b65f97481d5570070de90e4e791" [label="HASH"])"));
}

}  // namespace
}  // namespace flink::graph
