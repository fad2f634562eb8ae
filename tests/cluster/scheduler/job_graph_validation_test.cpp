#include "cluster/scheduler/job_graph_validation.h"

#include <gmock/gmock.h>

#include "core/base/error_codes.h"
#include "tests/support/job_graph_builder.h"

namespace flink::scheduler {
namespace {

using protocol::ShipStrategy;
using ::testing::HasSubstr;
using testing::JobGraphBuilder;

class JobGraphValidationTest : public ::testing::Test {
 protected:
  JobGraphValidationTest() {
    source_ = builder_.vertex("Source", 2);
    sink_ = builder_.vertex("Sink", 2);
    builder_.edge(source_, sink_, ShipStrategy::kHash);
  }
  protocol::JobGraph& graph() { return builder_.graph(); }
  void expectInvalid(const std::string& text, ErrorCode code = ErrorCode::kJobGraphInvalid) {
    const Status status = validateJobGraph(graph());
    ASSERT_FALSE(status.isOk());
    EXPECT_EQ(status.code(), code);
    EXPECT_THAT(status.message(), HasSubstr(text));
  }

  JobGraphBuilder builder_;
  int source_ = 0, sink_ = 0;
};

TEST_F(JobGraphValidationTest, AcceptsALegalGraph) {
  EXPECT_TRUE(validateJobGraph(graph()).isOk());
}

TEST_F(JobGraphValidationTest, RefusesAGraphWithoutVertices) {
  graph().vertices.clear();
  graph().edges.clear();
  expectInvalid("no vertices");
}

TEST_F(JobGraphValidationTest, RefusesAGraphWithoutJobId) {
  graph().id = JobId{};
  expectInvalid("no job id");
}

TEST_F(JobGraphValidationTest, RefusesParallelismZero) {
  graph().vertices[0].parallelism = 0;
  expectInvalid("parallelism is out of range: vertex=Source parallelism=0");
}

TEST_F(JobGraphValidationTest, RefusesParallelismAboveMaxParallelism) {
  graph().vertices[1].parallelism = 129;
  expectInvalid("vertex=Sink parallelism=129 maxParallelism=128");
}

TEST_F(JobGraphValidationTest, RefusesMaxParallelismAboveTheRange) {
  graph().vertices[1].maxParallelism = 32'769;
  expectInvalid("max parallelism is out of range");
}

TEST_F(JobGraphValidationTest, RefusesTwoVerticesWithOneId) {
  graph().vertices[1].id = graph().vertices[0].id;
  expectInvalid("same id");
}

TEST_F(JobGraphValidationTest, RefusesEdgesToUnknownVertices) {
  graph().edges[0].target = testing::idOf<JobVertexId>(77);
  expectInvalid("unknown vertex");
}

TEST_F(JobGraphValidationTest, RefusesEdgesBetweenOperatorsOfOtherVertices) {
  graph().edges[0].sourceStreamNode = 2;
  expectInvalid("outside its vertex");
}

TEST_F(JobGraphValidationTest, RefusesACycle) {
  builder_.edge(sink_, source_, ShipStrategy::kHash);
  expectInvalid("cycle");
}

TEST_F(JobGraphValidationTest, RefusesAnEdgeToItself) {
  builder_.edge(sink_, sink_, ShipStrategy::kForward);
  expectInvalid("cycle");
}

TEST_F(JobGraphValidationTest, RefusesForwardBetweenDifferentParallelism) {
  graph().vertices[1].parallelism = 3;
  graph().edges[0].shipStrategy = ShipStrategy::kForward;
  expectInvalid("forward edge between different parallelism: source=Source (2) target=Sink (3)");
}

TEST_F(JobGraphValidationTest, RefusesChainedOutputsThatLeadBack) {
  auto& op = graph().vertices[0].operators[0];
  op.chainedOutputs.push_back(op.streamNodeId);
  op.chainedOutputTags.emplace_back();
  expectInvalid("does not lead forward");
}

TEST_F(JobGraphValidationTest, RefusesMoreVerticesThanTheLimit) {
  for (int i = 0; i < 10'000; ++i) builder_.vertex("v", 1);
  expectInvalid("vertices=10002 limit=10000", ErrorCode::kLimitExceeded);
}

TEST_F(JobGraphValidationTest, RefusesMoreSubtasksThanTheLimit) {
  for (int i = 0; i < 4; ++i) builder_.vertex("v", 32'000);
  expectInvalid("subtasks=", ErrorCode::kLimitExceeded);
}

TEST_F(JobGraphValidationTest, RefusesMoreChannelsThanTheLimit) {
  const int a = builder_.vertex("a", 5'000);
  const int b = builder_.vertex("b", 5'000);
  builder_.edge(a, b, ShipStrategy::kRebalance);
  expectInvalid("channels=25000004", ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace flink::scheduler
