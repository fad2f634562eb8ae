#include "dataflow/graph/operator_ids.h"

#include <gmock/gmock.h>

#include "core/base/error_codes.h"
#include "dataflow/graph/murmur3.h"
#include "tests/dataflow/graph/graph_builder.h"

namespace flink::graph {
namespace {

std::map<std::int32_t, std::string> idsOf(const StreamGraph& graph) {
  const ChainingRules rules(graph);
  auto ids = operatorIdsOf(graph, rules);
  EXPECT_TRUE(ids.isOk()) << ids.status().toString();
  std::map<std::int32_t, std::string> text;
  for (const auto& [id, op] : *ids) text[id] = op.toHex();
  return text;
}

// The expected ids are those that a Flink 2.3.0 cluster gave the same graphs.
TEST(OperatorIdsTest, EqualFlinksForASourceThatIsNotChained) {
  GraphBuilder b;
  b.source(1, "Custom Source");
  b.keyed(4, "Map", 1);
  b.op(7, "Sink: Writer", {4});
  const auto ids = idsOf(b.graph);
  EXPECT_EQ(ids.at(1), "bc764cd8ddf7a0cff126f51c16239658");
  EXPECT_EQ(ids.at(4), "20ba6b65f97481d5570070de90e4e791");
}

TEST(OperatorIdsTest, EqualFlinksForAChainedSource) {
  GraphBuilder b;
  b.source(1, "Sequence Source");
  b.op(2, "Map", {1});
  b.keyed(4, "Map", 2);
  b.op(7, "Sink: Writer", {4});
  const auto ids = idsOf(b.graph);
  EXPECT_EQ(ids.at(1), "cbc357ccb763df2852fee8c4fc7d55f2");
  EXPECT_EQ(ids.at(4), "90bea66de1c231edf33913ecd54406c1");
}

TEST(OperatorIdsTest, EqualFlinksBehindThreeChainedOperators) {
  GraphBuilder b;
  b.source(1, "Sequence Source");
  b.op(2, "Map", {1});
  b.op(3, "Timestamps/Watermarks", {2});
  b.keyed(5, "Window", 3);
  b.op(8, "Sink: Writer", {5});
  EXPECT_EQ(idsOf(b.graph).at(5), "c27dcf7b54ef6bfd6cff02ca8870b681");
}

TEST(OperatorIdsTest, AUidGivesTheHashOfItsText) {
  GraphBuilder b;
  b.source(1, "Custom Source").uid = "source";
  b.op(2, "Map", {1}).uid = "a uid that is longer than one block";
  const auto ids = idsOf(b.graph);
  EXPECT_EQ(ids.at(1), OperatorId(murmur3("source")).toHex());
  EXPECT_EQ(ids.at(2), OperatorId(murmur3("a uid that is longer than one block")).toHex());
}

TEST(OperatorIdsTest, AUidKeepsItsIdWhenOperatorsAreAddedBefore) {
  GraphBuilder a;
  a.source(1, "s");
  a.op(2, "Map", {1}).uid = "stable";
  GraphBuilder b;
  b.source(1, "s");
  b.op(2, "Filter", {1});
  b.op(3, "Map", {2}).uid = "stable";
  EXPECT_EQ(idsOf(a.graph).at(2), idsOf(b.graph).at(3));
}

TEST(OperatorIdsTest, JoinedPathsGetAnIdOnceAllInputsHaveOne) {
  GraphBuilder b;
  b.source(1, "a");
  b.source(2, "b");
  b.op(3, "Map", {1});
  b.op(4, "Map", {3});
  b.op(5, "Sink", {2, 4});
  const auto ids = idsOf(b.graph);
  EXPECT_EQ(ids.size(), 5U);
  EXPECT_NE(ids.at(1), ids.at(2));
}

TEST(OperatorIdsTest, ASharedUidIsRefused) {
  GraphBuilder b;
  b.source(1, "numbers").uid = "same";
  b.op(2, "Map", {1}).uid = "same";
  const ChainingRules rules(b.graph);
  const auto ids = operatorIdsOf(b.graph, rules);
  ASSERT_FALSE(ids.isOk());
  EXPECT_EQ(ids.status().code(), ErrorCode::kJobGraphInvalid);
  EXPECT_THAT(ids.status().message(),
              testing::HasSubstr("uid=same operators=Source: numbers, Map"));
}

TEST(OperatorIdsTest, AUidHashReplacesTheId) {
  GraphBuilder b;
  b.source(1, "s").uidHash = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(idsOf(b.graph).at(1), "0123456789abcdef0123456789abcdef");
  b.graph.nodes[0].uidHash = "0123";
  const ChainingRules rules(b.graph);
  EXPECT_THAT(operatorIdsOf(b.graph, rules).status().message(),
              testing::HasSubstr("uidHash=0123 operator=Source: s"));
}

}  // namespace
}  // namespace flink::graph
