#include "dataflow/state/operator_state_backend.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/status_exception.h"
#include "state_harness.h"

namespace flink::state {
namespace {

Blocks snapshotOf(const OperatorStateBackend& backend) {
  CollectingSink sink;
  throwIfError(backend.snapshot(sink));
  return sink.blocks;
}

void restore(OperatorStateBackend& backend, const Blocks& blocks) {
  for (const auto& [info, content] : blocks) {
    throwIfError(backend.restoreBlock(info, asBytes(content)));
  }
}

const ListStateDescriptor<std::string> kBuffer("buffer");
const MapStateDescriptor<std::string, int> kRules("rules");

TEST(OperatorStateTest, ListsAndBroadcastMapsSurviveARestoreInOrder) {
  OperatorStateBackend backend;
  auto buffer = valueOrThrow(backend.getListState(kBuffer));
  auto all = valueOrThrow(backend.getUnionListState(ListStateDescriptor<int>("all")));
  auto rules = valueOrThrow(backend.getBroadcastState(kRules));
  EXPECT_TRUE(buffer.get().empty());
  EXPECT_TRUE(rules.isEmpty());
  std::vector<std::string> expected;
  for (int i = 0; i < 40000; ++i) expected.push_back("element " + std::to_string(i));
  buffer.update(expected);
  all.add(1);
  all.add(2);
  rules.put("r", 7);
  rules.put("s", 8);
  rules.remove("s");
  const Blocks blocks = snapshotOf(backend);
  EXPECT_GT(blocks.size(), 4U);  // the list takes several

  OperatorStateBackend restored;
  restore(restored, blocks);
  EXPECT_EQ(valueOrThrow(restored.getListState(kBuffer)).get().toVector(), expected);
  EXPECT_EQ(
      valueOrThrow(restored.getUnionListState(ListStateDescriptor<int>("all"))).get().toVector(),
      (std::vector<int>{1, 2}));
  auto again = valueOrThrow(restored.getBroadcastState(kRules));
  EXPECT_EQ(again.immutableEntries(), (std::vector<std::pair<std::string, int>>{{"r", 7}}));
  EXPECT_EQ(again.readOnly().get("r"), 7);
  EXPECT_FALSE(again.readOnly().contains("s"));
  again.clear();
  EXPECT_TRUE(again.isEmpty());
}

TEST(OperatorStateTest, WhatNobodyAsksForIsCarriedAlong) {
  OperatorStateBackend first;
  valueOrThrow(first.getListState(kBuffer)).add("x");
  OperatorStateBackend second;
  restore(second, snapshotOf(first));
  valueOrThrow(second.getBroadcastState(kRules)).put("r", 1);
  OperatorStateBackend third;
  restore(third, snapshotOf(second));
  EXPECT_EQ(valueOrThrow(third.getListState(kBuffer)).get().toVector(),
            std::vector<std::string>{"x"});
}

TEST(OperatorStateTest, OtherTypesAndKindsAreRefusedByName) {
  OperatorStateBackend first;
  valueOrThrow(first.getListState(kBuffer)).add("x");
  const Blocks blocks = snapshotOf(first);
  EXPECT_EQ(first.getUnionListState(kBuffer).status().id(), "FLINK-STA-003");
  OperatorStateBackend second;
  restore(second, blocks);
  const Status otherType = second.getListState(ListStateDescriptor<int>("buffer")).status();
  EXPECT_EQ(otherType.id(), "FLINK-STA-003");
  EXPECT_NE(otherType.message().find("state=buffer"), std::string::npos);
  EXPECT_EQ(second.getUnionListState(kBuffer).status().id(), "FLINK-STA-003");
  ListStateDescriptor<std::string> mortal("mortal");
  mortal.enableTimeToLive(StateTtlConfig::newBuilder(std::chrono::seconds(1)).build());
  EXPECT_EQ(second.getListState(mortal).status().id(), "FLINK-GEN-003");
}

TEST(OperatorStateTest, DamagedBlocksAreRefused) {
  OperatorStateBackend first;
  auto buffer = valueOrThrow(first.getListState(kBuffer));
  for (int i = 0; i < 10; ++i) buffer.add("element");
  const Blocks blocks = snapshotOf(first);
  ASSERT_EQ(blocks.size(), 1U);
  const auto& [info, content] = blocks.front();
  for (std::size_t length = 0; length < content.size(); ++length) {
    OperatorStateBackend backend;
    const Status status = backend.restoreBlock(info, asBytes(content.substr(0, length)));
    if (!status.isOk()) continue;
    EXPECT_FALSE(backend.getListState(kBuffer).isOk()) << length;
  }
  for (std::size_t i = 0; i < content.size() * 8; ++i) {
    std::string flipped = content;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << i % 8));
    OperatorStateBackend backend;
    if (backend.restoreBlock(info, asBytes(flipped)).isOk())
      (void)backend.getListState(kBuffer);  // a flip inside an element's text cannot be seen here
  }
}

}  // namespace
}  // namespace flink::state
