#include <gmock/gmock.h>

#include "core/base/error_codes.h"
#include "core/base/rng.h"
#include "dataflow/checkpoint/coordinator.h"
#include "dataflow/checkpoint/snapshot_chain.h"
#include "tests/dataflow/checkpoint/job_of_two_vertices.h"

namespace flink::checkpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Job = JobOfTwoVertices;
using Reason = CheckpointFailureReason;

TaskTable allRunning(const CheckpointTopology& topology) {
  TaskTable tasks;
  for (const auto& vertex : topology.vertices)
    tasks.emplace_back(static_cast<std::size_t>(vertex.parallelism),
                       TaskStatus{TaskPhase::kRunning, 0});
  return tasks;
}

TEST(CheckpointPlanTest, BarriersStartAtTheSources) {
  const CheckpointTopology topology = Job::topology(3);
  const auto plan = planCheckpoint(topology, allRunning(topology), true);
  ASSERT_TRUE(plan.isOk());
  EXPECT_THAT(plan->toTrigger,
              ElementsAre(TaskPosition{0, 0}, TaskPosition{0, 1}, TaskPosition{0, 2}));
  EXPECT_THAT(plan->toWaitFor, SizeIs(6));
}

TEST(CheckpointPlanTest, BarriersStartBelowFinishedProducers) {
  CheckpointTopology topology = Job::topology(3);
  TaskTable tasks = allRunning(topology);
  tasks[0][0].phase = tasks[0][2].phase = TaskPhase::kFinished;
  auto plan = planCheckpoint(topology, tasks, true);
  ASSERT_TRUE(plan.isOk());
  EXPECT_THAT(plan->toTrigger, ElementsAre(TaskPosition{0, 1})) << "it still reaches every map";
  topology.vertices[1].inputs[0].producersOf = {{0, 1}, {1, 1}, {2, 1}};
  plan = planCheckpoint(topology, tasks, true);
  ASSERT_TRUE(plan.isOk());
  EXPECT_THAT(plan->toTrigger,
              ElementsAre(TaskPosition{0, 1}, TaskPosition{1, 0}, TaskPosition{1, 2}));
  EXPECT_THAT(plan->finished, ElementsAre(TaskPosition{0, 0}, TaskPosition{0, 2}));
  EXPECT_FALSE(planCheckpoint(topology, tasks, false).isOk());
}

TEST(RequestQueueTest, SavepointsThenUsersThenPeriodic) {
  RequestQueue queue;
  TriggerRequest periodic;
  periodic.periodic = true;
  EXPECT_TRUE(queue.add(periodic));
  EXPECT_TRUE(queue.add(periodic));
  EXPECT_EQ(queue.size(), 1U) << "one periodic request at a time";
  EXPECT_TRUE(queue.add({RequestId{1}, SnapshotKind::kCheckpoint, "", false}));
  EXPECT_TRUE(queue.add({RequestId{2}, SnapshotKind::kSavepoint, "", false}));
  RequestQueue::Facts facts;
  facts.maxConcurrent = 10;
  facts.triggering = true;
  EXPECT_FALSE(queue.choose(facts).start.has_value());
  facts.triggering = false;
  EXPECT_EQ(queue.choose(facts).start->request, RequestId{2});
  EXPECT_EQ(queue.choose(facts).start->request, RequestId{1});
  EXPECT_TRUE(queue.choose(facts).start->periodic);
}

TEST(RequestQueueTest, SavepointsIgnoreTheLimitOfConcurrency) {
  RequestQueue queue;
  EXPECT_TRUE(queue.add({RequestId{1}, SnapshotKind::kCheckpoint, "", false}));
  RequestQueue::Facts facts;
  facts.numPending = 1;
  EXPECT_FALSE(queue.choose(facts).start.has_value());
  EXPECT_TRUE(queue.add({RequestId{2}, SnapshotKind::kSavepoint, "", false}));
  EXPECT_EQ(queue.choose(facts).start->request, RequestId{2});
}

TEST(RequestQueueTest, UsersRequestsDoNotWaitForThePauseAndAreNotDroppedForPeriodicOnes) {
  RequestQueue queue;
  for (std::uint64_t i = 0; i < RequestQueue::kMaxRequests - 1; ++i)
    EXPECT_TRUE(queue.add({RequestId{i}, SnapshotKind::kCheckpoint, "", false}));
  TriggerRequest periodic;
  periodic.periodic = true;
  EXPECT_TRUE(queue.add(periodic));
  EXPECT_TRUE(queue.add({RequestId{7}, SnapshotKind::kCheckpoint, "", false})) << "in its place";
  EXPECT_FALSE(queue.add({RequestId{8}, SnapshotKind::kCheckpoint, "", false}));
  EXPECT_FALSE(queue.add(periodic));
  RequestQueue::Facts facts;
  facts.minPauseMs = 100;
  facts.lastCompletionMs = 0;
  EXPECT_TRUE(queue.choose(facts).start.has_value());
}

TEST(FailureCounterTest, CountsWhatFlinkCounts) {
  for (const Reason reason :
       {Reason::kIoException, Reason::kCheckpointAsyncException, Reason::kCheckpointDeclined,
        Reason::kCheckpointExpired, Reason::kFinalizeCheckpointFailure})
    EXPECT_TRUE(isCounted(reason)) << reasonText(reason);
  for (const Reason reason :
       {Reason::kTooManyCheckpointRequests, Reason::kMinimumTimeBetweenCheckpoints,
        Reason::kNotAllRequiredTasksRunning, Reason::kCheckpointSubsumed,
        Reason::kCheckpointDeclinedTaskNotReady, Reason::kCheckpointDeclinedTaskClosing,
        Reason::kCheckpointDeclinedOnCancellationBarrier, Reason::kTaskFailure,
        Reason::kTriggerCheckpointFailure, Reason::kJobFailoverRegion})
    EXPECT_FALSE(isCounted(reason)) << reasonText(reason);
}

TEST(FailureCounterTest, EachCheckpointCountsOnceAndLateOnesNot) {
  CheckpointFailureCounter counter(1);
  EXPECT_FALSE(counter.onFailure(Reason::kCheckpointDeclined, 1));
  EXPECT_FALSE(counter.onFailure(Reason::kCheckpointDeclined, 1));
  EXPECT_EQ(counter.numConsecutive(), 1);
  counter.onCompleted(5);
  EXPECT_FALSE(counter.onFailure(Reason::kCheckpointDeclined, 4));
  EXPECT_EQ(counter.numConsecutive(), 0);
  EXPECT_FALSE(counter.onFailure(Reason::kCheckpointExpired, 6));
  EXPECT_TRUE(counter.onFailure(Reason::kCheckpointExpired, 7));
  EXPECT_EQ(counter.numConsecutive(), 0) << "the job's next life starts anew";
}

CompletedCheckpoint completed(CheckpointId id, SnapshotKind kind) {
  CheckpointMetadata metadata;
  metadata.id = id;
  metadata.kind = kind;
  return {std::make_shared<const CheckpointMetadata>(std::move(metadata)), "/x", 0};
}

TEST(RetentionTest, NewestCheckpointIsNeverSubsumedByASavepoint) {
  using enum SnapshotKind;
  const auto gone = [](std::vector<SnapshotKind> kinds, std::int32_t numRetained) {
    std::vector<CompletedCheckpoint> retained;
    for (const SnapshotKind kind : kinds)
      retained.push_back(completed(static_cast<CheckpointId>(retained.size()) + 1, kind));
    return subsumed(retained, numRetained);
  };
  EXPECT_THAT(gone({}, 1), IsEmpty());
  EXPECT_THAT(gone({kCheckpoint}, 1), IsEmpty());
  EXPECT_THAT(gone({kCheckpoint, kCheckpoint, kCheckpoint}, 1), ElementsAre(0, 1));
  EXPECT_THAT(gone({kCheckpoint, kCheckpoint, kCheckpoint}, 2), ElementsAre(0));
  EXPECT_THAT(gone({kCheckpoint, kSavepoint}, 1), IsEmpty());
  EXPECT_THAT(gone({kCheckpoint, kSavepoint, kSavepoint}, 1), ElementsAre(1));
  EXPECT_THAT(gone({kSavepoint, kCheckpoint}, 1), ElementsAre(0));
  EXPECT_THAT(gone({kCheckpoint, kSuspendSavepoint}, 1), ElementsAre(0)) << "nothing follows";
}

TEST(RetentionTest, EndOfAJob) {
  using enum Retention;
  const auto stays = [](Retention retention) {
    std::string ends;
    for (const JobEnd end :
         {JobEnd::kFinished, JobEnd::kCanceled, JobEnd::kFailed, JobEnd::kSuspended})
      ends += discardedAtEnd(retention, end) ? '-' : '+';
    return ends;
  };
  EXPECT_EQ(stays(kNoExternalizedCheckpoints), "---+");
  EXPECT_EQ(stays(kDeleteOnCancellation), "--++");
  EXPECT_EQ(stays(kRetainOnCancellation), "-+++");
}

TEST(SettingsTest, DefaultsAreFlinks) {
  const auto settings = checkpointSettings({});
  ASSERT_TRUE(settings.isOk()) << settings.status().toString();
  EXPECT_FALSE(settings->periodic());
  EXPECT_TRUE(settings->exactlyOnce);
  EXPECT_EQ(settings->timeoutMs, 600'000);
  EXPECT_EQ(settings->minPauseMs, 0);
  EXPECT_EQ(settings->maxConcurrent, 1);
  EXPECT_EQ(settings->tolerableFailures, 0);
  EXPECT_EQ(settings->numRetained, 1);
  EXPECT_EQ(settings->retention, Retention::kNoExternalizedCheckpoints);
  EXPECT_TRUE(settings->afterTasksFinish);
  EXPECT_EQ(settings->storage, StorageKind::kJobManager);
  EXPECT_EQ(settings->snapshots.inlineThresholdBytes, 20U << 10);
  EXPECT_FALSE(settings->snapshots.compress);
}

TEST(SettingsTest, KeysAndTheirEarlierNames) {
  const auto settings = checkpointSettings(config::Configuration::fromMap({
      {"execution.checkpointing.interval", "3 s"},
      {"execution.checkpointing.min-pause", "5 s"},
      {"execution.checkpointing.max-concurrent-checkpoints", "4"},
      {"execution.checkpointing.mode", "at_least_once"},
      {"execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION"},
      {"state.checkpoints.dir", "/c"},
      {"state.savepoints.dir", "/s"},
      {"state.checkpoints.num-retained", "3"},
      {"execution.checkpointing.snapshot-compression", "true"},
  }));
  ASSERT_TRUE(settings.isOk()) << settings.status().toString();
  EXPECT_EQ(settings->intervalMs, 5'000) << "the pause puts it off anyway";
  EXPECT_EQ(settings->maxConcurrent, 1) << "a pause means no overlap";
  EXPECT_FALSE(settings->exactlyOnce);
  EXPECT_EQ(settings->retention, Retention::kRetainOnCancellation);
  EXPECT_EQ(settings->storage, StorageKind::kFileSystem);
  EXPECT_EQ(settings->directory, "/c");
  EXPECT_EQ(settings->savepointDirectory, "/s");
  EXPECT_EQ(settings->numRetained, 3);
  EXPECT_TRUE(settings->snapshots.compress);
}

TEST(SettingsTest, WhatCannotBeIsRefused) {
  const auto error = [](const char* key, const char* value) {
    return checkpointSettings(config::Configuration::fromMap({{key, value}})).status();
  };
  EXPECT_EQ(error("execution.checkpointing.unaligned", "true").code(), ErrorCode::kUnsupported);
  EXPECT_THAT(error("execution.checkpointing.storage", "filesystem").message(),
              HasSubstr("execution.checkpointing.dir"));
  EXPECT_THAT(error("execution.checkpointing.dir", "checkpoints").message(),
              HasSubstr("execution.checkpointing.dir has to be an absolute path"));
  EXPECT_EQ(error("execution.checkpointing.timeout", "soon").code(),
            ErrorCode::kConfigInvalidValue);
}

TEST(SettingsTest, InitialDelayLiesBetweenPauseAndInterval) {
  CheckpointSettings settings;
  settings.intervalMs = 100;
  settings.minPauseMs = 90;
  const auto rng = makeSeededRng(1);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 500; ++i) seen.insert(initialDelayMs(settings, *rng));
  EXPECT_EQ(*seen.begin(), 90);
  EXPECT_EQ(*seen.rbegin(), 100);
}

TEST(SnapshotChainTest, DeltaComesWithEverythingThatItIsBasedOn) {
  const ExecutionAttemptId task = Job::task(1, 0);
  const auto add = [&](SnapshotChain& chain, CheckpointId id, state::SnapshotMode mode,
                       std::uint64_t basedOn, std::uint32_t file) {
    TaskSnapshot written = Job::snapshot(task, {file});
    BlockRef list = written.operators[0].blocks[0];
    list.kind = state::BlockKind::kOperatorList;
    written.operators[0].blocks.push_back(list);
    FileTable files;
    const OperatorSnapshot whole =
        chain.add(id, {mode, basedOn}, written.operators[0], written.files, files);
    std::string text;
    for (const BlockRef& block : whole.blocks) {
      text += block.kind == state::BlockKind::kOperatorList ? "list " : "keyed ";
      text += files.files()[block.file].path.substr(8) + "; ";
    }
    return text;
  };
  SnapshotChain chain;
  using enum state::SnapshotMode;
  EXPECT_EQ(add(chain, 1, kBase, 0, 1), "keyed 1; list 1; ");
  EXPECT_EQ(add(chain, 2, kBase, 0, 2), "keyed 2; list 2; ");
  chain.confirmed(1);
  EXPECT_EQ(add(chain, 3, kDelta, 1, 3), "keyed 1; keyed 3; list 3; ");
  chain.aborted(2);
  chain.confirmed(3);
  EXPECT_EQ(add(chain, 4, kComplete, 0, 4), "keyed 4; list 4; ") << "a savepoint";
  EXPECT_EQ(add(chain, 5, kDelta, 3, 5), "keyed 1; keyed 3; keyed 5; list 5; ");
  EXPECT_EQ(chain.size(), 2U);
  chain.confirmed(4);
  EXPECT_EQ(chain.size(), 2U) << "nothing builds on a savepoint";
  const TaskSnapshot restored = Job::snapshot(task, {8, 9});
  chain.restored(7, restored.operators[0].blocks, restored.files);
  EXPECT_EQ(add(chain, 8, kDelta, 7, 10), "keyed 8; keyed 9; keyed 10; list 10; ");
}

TEST(StatisticsTest, SummaryOverCompletedCheckpoints) {
  CheckpointHistory history(2);
  const CheckpointTopology topology = Job::topology();
  const auto plan = planCheckpoint(topology, allRunning(topology), true);
  for (CheckpointId id = 1; id <= 5; ++id) {
    history.started(id, SnapshotKind::kCheckpoint, 1'000, topology, *plan);
    SubtaskMetrics metrics;
    metrics.stateBytes = static_cast<std::uint64_t>(100 * id);
    metrics.checkpointedBytes = 10;
    history.acknowledged(id, {1, 1}, metrics, 1'000 + 10 * id);
    history.acknowledged(id, {1, 1}, metrics, 1'090);
    history.completed(id, "/x", 77);
  }
  EXPECT_THAT(history.history(), SizeIs(2)) << "details of the latest ones";
  EXPECT_EQ(history.counts().completed, 5);
  const CheckpointStatistics* latest = history.latestCompleted();
  ASSERT_NE(latest, nullptr);
  EXPECT_EQ(latest->id, 5);
  EXPECT_EQ(latest->stateBytes, 500U);
  EXPECT_EQ(latest->vertices[1].numAcknowledged, 1);
  EXPECT_EQ(latest->vertices[1].subtasks[1]->endToEndDurationMs, 50);
  EXPECT_EQ(latest->metadataBytes, 77U);
  EXPECT_FALSE(latest->vertices[1].subtasks[0].has_value());
  const CheckpointHistory::Summary summary = history.summary();
  EXPECT_EQ(summary.stateBytes.min, 100);
  EXPECT_EQ(summary.stateBytes.max, 500);
  EXPECT_EQ(summary.stateBytes.average, 300);
  EXPECT_DOUBLE_EQ(summary.stateBytes.p50, 300);
  EXPECT_EQ(summary.endToEndDurationMs.max, 50);
  EXPECT_EQ(summary.endToEndDurationMs.min, 10);
}

TEST(StatisticsTest, DurationEndsWithTheLatestAcknowledgementOrTheFailure) {
  CheckpointHistory history;
  const CheckpointTopology topology = Job::topology();
  const auto plan = planCheckpoint(topology, allRunning(topology), true);
  const auto durationOf = [&](CheckpointId id) { return history.find(id)->endToEndDurationMs; };
  history.started(1, SnapshotKind::kCheckpoint, 1'000, topology, *plan);
  EXPECT_EQ(durationOf(1), -1) << "nobody has answered";
  history.acknowledged(1, {0, 0}, {}, 1'030);
  history.acknowledged(1, {1, 1}, {}, 1'020);
  EXPECT_EQ(durationOf(1), 30);
  history.completed(1, "/x", 0);
  EXPECT_EQ(durationOf(1), 30);
  history.started(2, SnapshotKind::kCheckpoint, 2'000, topology, *plan);
  history.acknowledged(2, {0, 0}, {}, 2'010);
  history.failed(2, "expired", 2'500);
  history.acknowledged(2, {1, 1}, {}, 2'600);
  EXPECT_EQ(durationOf(2), 500);
}

TEST(StatisticsTest, NewestCompletedIsOfAnyKind) {
  CheckpointHistory history;
  const CheckpointTopology topology = Job::topology();
  const auto plan = planCheckpoint(topology, allRunning(topology), true);
  EXPECT_EQ(history.newestCompleted(), nullptr);
  history.started(1, SnapshotKind::kSavepoint, 1'000, topology, *plan);
  history.started(2, SnapshotKind::kCheckpoint, 1'000, topology, *plan);
  history.completed(2, "/checkpoint", 0);
  EXPECT_EQ(history.newestCompleted()->id, 2);
  history.completed(1, "/savepoint", 0);
  EXPECT_EQ(history.newestCompleted()->id, 1) << "it took longer";
  EXPECT_EQ(history.latestCompleted()->id, 2);
}

}  // namespace
}  // namespace flink::checkpoint
