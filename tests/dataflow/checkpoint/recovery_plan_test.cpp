#include "dataflow/checkpoint/recovery_plan.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "core/base/error_codes.h"
#include "core/base/rng.h"
#include "tests/support/job_graph_builder.h"

namespace flink::checkpoint {
namespace {

using flink::testing::idOf;
using state::BlockKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::uint32_t kMaxParallelism = 128;

StateFile stateFile(std::uint32_t number) {
  StateFile file;
  file.id = idOf<StateFileId>(number);
  file.path = "/f/" + std::to_string(number);
  file.size = 1'000;
  return file;
}

BlockRef block(BlockKind kind, const std::string& name, std::uint32_t file, std::uint64_t entries,
               types::KeyGroupRange groups = {}) {
  BlockRef ref;
  ref.file = file;
  ref.kind = kind;
  ref.stateName = name;
  ref.numEntries = entries;
  ref.firstKeyGroup = groups.first;
  ref.lastKeyGroup = groups.last;
  return ref;
}

/// One stateful operator of this parallelism; each subtask has its own file with one block of
/// everything.
CheckpointMetadata checkpointOf(std::uint32_t parallelism, std::uint32_t op = 1) {
  CheckpointMetadata metadata;
  metadata.id = 4;
  OperatorState state{idOf<OperatorId>(op), "op", "my-uid", parallelism, kMaxParallelism, {}, {}};
  for (std::uint32_t s = 0; s < parallelism; ++s) {
    metadata.files.push_back(stateFile(s));
    const auto groups = types::keyGroupRangeOf(s, kMaxParallelism, parallelism);
    state.subtasks[s].blocks = {
        block(BlockKind::kKeyedBase, "value", s, 10, groups),
        block(BlockKind::kKeyedDelta, "value", s, 3, groups),
        block(BlockKind::kOperatorList, "list", s, 3 + s),
        block(BlockKind::kOperatorUnion, "union", s, 2),
        block(BlockKind::kBroadcast, "broadcast", s, 5),
    };
  }
  state.coordinatorBlocks.push_back(block(BlockKind::kRaw, "enumerator", 0, 1));
  metadata.operators.push_back(std::move(state));
  return metadata;
}

RecoveryVertex vertexOf(std::uint32_t parallelism, std::uint32_t op = 1) {
  RecoveryVertex vertex;
  vertex.id = idOf<JobVertexId>(op);
  vertex.name = "vertex " + std::to_string(op);
  vertex.parallelism = parallelism;
  vertex.maxParallelism = kMaxParallelism;
  vertex.operators.push_back({idOf<OperatorId>(op), "op", ""});
  return vertex;
}

std::vector<RestoredBlock> blocksOf(const TaskRestore& task, BlockKind kind) {
  std::vector<RestoredBlock> blocks;
  for (const RestoredBlock& candidate : task.operators.at(0).blocks) {
    if (candidate.block.kind == kind) blocks.push_back(candidate);
  }
  return blocks;
}

TEST(RecoveryPlanTest, UnchangedParallelismGivesEveryoneItsOwn) {
  const auto plan = planRecovery(checkpointOf(3), {vertexOf(3)}, false);
  ASSERT_TRUE(plan.isOk()) << plan.status().toString();
  for (std::uint32_t s = 0; s < 3; ++s) {
    const TaskRestore& task = plan->vertices[0].subtasks[s];
    EXPECT_EQ(task.checkpoint, 4);
    EXPECT_TRUE(task.unchangedParallelism);
    EXPECT_FALSE(task.finished);
    const std::string own = "/f/" + std::to_string(s);
    for (const BlockKind kind : {BlockKind::kKeyedBase, BlockKind::kKeyedDelta,
                                 BlockKind::kOperatorList, BlockKind::kBroadcast}) {
      const auto blocks = blocksOf(task, kind);
      ASSERT_THAT(blocks, SizeIs(1));
      EXPECT_EQ(task.files[blocks[0].block.file].path, own);
      EXPECT_EQ(blocks[0].numEntries, blocks[0].block.numEntries);
    }
    EXPECT_THAT(blocksOf(task, BlockKind::kOperatorUnion), SizeIs(3)) << "union: everybody's";
    EXPECT_THAT(task.operators[0].coordinatorBlocks, SizeIs(s == 0 ? 1 : 0));
  }
}

/// Every key group of every old block reaches exactly its new owner; list elements are neither
/// lost nor repeated and evenly spread; deltas follow their bases.
TEST(RecoveryPlanTest, EveryParallelismToEveryOther) {
  for (std::uint32_t before = 1; before <= 9; ++before) {
    for (std::uint32_t after = 1; after <= 9; ++after) {
      const auto plan = planRecovery(checkpointOf(before), {vertexOf(after)}, false);
      ASSERT_TRUE(plan.isOk()) << plan.status().toString();
      std::map<std::string, std::vector<bool>> seen;  // elements of each file's list
      std::uint64_t least = ~0ULL;
      std::uint64_t most = 0;
      for (std::uint32_t s = 0; s < after; ++s) {
        const TaskRestore& task = plan->vertices[0].subtasks[s];
        EXPECT_EQ(task.unchangedParallelism, before == after);
        const auto own = types::keyGroupRangeOf(s, kMaxParallelism, after);
        std::set<std::uint32_t> covered;
        std::map<std::uint32_t, bool> baseSeen;
        for (const RestoredBlock& keyed : task.operators[0].blocks) {
          const BlockRef& ref = keyed.block;
          EXPECT_TRUE(ref.kind != BlockKind::kKeyedDelta || baseSeen[ref.file]);
          if (ref.kind != BlockKind::kKeyedBase) continue;
          baseSeen[ref.file] = true;
          EXPECT_TRUE(ref.firstKeyGroup <= own.last && ref.lastKeyGroup >= own.first);
          for (std::uint32_t g = ref.firstKeyGroup; g <= ref.lastKeyGroup; ++g) {
            EXPECT_TRUE(!own.contains(g) || covered.insert(g).second);
          }
        }
        EXPECT_EQ(covered.size(), own.size());
        std::uint64_t elements = 0;
        for (const RestoredBlock& list : blocksOf(task, BlockKind::kOperatorList)) {
          auto& marks = seen[task.files[list.block.file].path];
          marks.resize(list.block.numEntries);
          for (std::uint64_t i = 0; i < list.numEntries; ++i) {
            EXPECT_FALSE(marks.at(list.firstEntry + i)) << "given twice";
            marks[list.firstEntry + i] = true;
          }
          elements += list.numEntries;
        }
        least = std::min(least, elements);
        most = std::max(most, elements);
        EXPECT_THAT(blocksOf(task, BlockKind::kOperatorUnion), SizeIs(before));
        EXPECT_THAT(blocksOf(task, BlockKind::kBroadcast), SizeIs(1));
      }
      EXPECT_EQ(seen.size(), before);
      for (const auto& [path, marks] : seen) {
        for (const bool mark : marks) EXPECT_TRUE(mark) << "an element was lost";
      }
      EXPECT_TRUE(before == after || most - least <= 1);
    }
  }
}

TEST(RecoveryPlanTest, StateWithoutOperatorIsRefusedByName) {
  const auto refused = planRecovery(checkpointOf(2), {vertexOf(2, 7)}, false);
  ASSERT_FALSE(refused.isOk());
  EXPECT_EQ(refused.status().code(), ErrorCode::kStateNotRestorable);
  EXPECT_THAT(refused.status().message(), HasSubstr("my-uid"));
  EXPECT_THAT(refused.status().message(), HasSubstr(idOf<OperatorId>(1).toHex()));
  EXPECT_THAT(refused.status().message(), HasSubstr("--allowNonRestoredState"));
  const auto allowed = planRecovery(checkpointOf(2), {vertexOf(2, 7)}, true);
  ASSERT_TRUE(allowed.isOk());
  EXPECT_THAT(allowed->skipped, ElementsAre(idOf<OperatorId>(1)));
}

TEST(RecoveryPlanTest, OperatorWithoutStateMayGo) {
  CheckpointMetadata metadata = checkpointOf(2);
  metadata.operators.push_back({idOf<OperatorId>(9), "stateless", "", 2, 128, {}, {}});
  EXPECT_TRUE(planRecovery(metadata, {vertexOf(2)}, false).isOk());
}

TEST(RecoveryPlanTest, MaxParallelismIsTakenOverUnlessTheProgramSetIt) {
  RecoveryVertex vertex = vertexOf(2);
  vertex.maxParallelism = 256;
  const auto taken = planRecovery(checkpointOf(2), {vertex}, false);
  ASSERT_TRUE(taken.isOk());
  EXPECT_EQ(taken->vertices[0].maxParallelism, 128U);
  vertex.maxParallelismConfigured = true;
  EXPECT_THAT(planRecovery(checkpointOf(2), {vertex}, false).status().message(),
              HasSubstr("set it to 128"));
  vertex.parallelism = 200;
  EXPECT_THAT(planRecovery(checkpointOf(2), {vertex}, false).status().message(),
              HasSubstr("lower the parallelism"));
}

TEST(RecoveryPlanTest, ChainedOperatorsHaveToAgreeOnKeyGroups) {
  CheckpointMetadata metadata = checkpointOf(2);
  OperatorState other{idOf<OperatorId>(2), "other", "", 2, 64, {}, {}};
  other.subtasks[0].blocks.push_back(block(BlockKind::kOperatorList, "l", 0, 1));
  metadata.operators.push_back(std::move(other));
  RecoveryVertex vertex = vertexOf(2);
  vertex.operators.push_back({idOf<OperatorId>(2), "other", ""});
  EXPECT_THAT(planRecovery(metadata, {vertex}, false).status().message(), HasSubstr("128 and 64"));
}

TEST(RecoveryPlanTest, FinishedOperatorsStayFinished) {
  CheckpointMetadata metadata;
  for (std::uint32_t op = 1; op <= 2; ++op) {
    OperatorState state{idOf<OperatorId>(op), "op", "", 2, 128, {}, {}};
    for (std::uint32_t s = 0; s < 2; ++s) state.subtasks[s].finished = op == 1 || s == 0;
    metadata.operators.push_back(std::move(state));
  }
  std::vector<RecoveryVertex> job{vertexOf(2, 1), vertexOf(2, 2)};
  job[1].inputs = {0};
  const auto plan = planRecovery(metadata, job, false);
  ASSERT_TRUE(plan.isOk()) << plan.status().toString();
  EXPECT_TRUE(plan->vertices[0].subtasks[0].finished);
  EXPECT_FALSE(plan->vertices[1].subtasks[0].finished) << "only some of its subtasks had";
  job[1].inputs = {};
  job[0].inputs = {1};
  EXPECT_THAT(planRecovery(metadata, job, false).status().message(), HasSubstr("had finished"));
}

TEST(RecoveryPlanTest, TravelsBetweenProcesses) {
  const auto plan = planRecovery(checkpointOf(3), {vertexOf(2)}, false);
  ASSERT_TRUE(plan.isOk());
  const TaskRestore& task = plan->vertices[0].subtasks[1];
  const std::string bytes = encodeTaskRestore(task);
  const auto read = decodeTaskRestore(asBytes(bytes));
  ASSERT_TRUE(read.isOk()) << read.status().toString();
  EXPECT_EQ(encodeTaskRestore(*read), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decodeTaskRestore(asBytes(bytes).first(size)).isOk());
}

}  // namespace
}  // namespace flink::checkpoint
