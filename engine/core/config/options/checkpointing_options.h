#pragma once

#include "core/config/config_option.h"

/// Keys of checkpoints and savepoints. Append new ones to the list in checkpointing_options.cpp
/// too.
namespace flink::config {

inline constexpr ConfigOption<Millis> kExecutionCheckpointingInterval{
    "execution.checkpointing.interval",
    "",
    "How often a checkpoint is taken; without a value there are no periodic checkpoints.",
    {},
    ">=10"};
inline constexpr ConfigOption<std::string> kExecutionCheckpointingMode{
    "execution.checkpointing.mode",
    "EXACTLY_ONCE",
    "Whether a task waits for the barriers of all its inputs (EXACTLY_ONCE) or goes on processing "
    "meanwhile (AT_LEAST_ONCE).",
    {},
    "EXACTLY_ONCE|AT_LEAST_ONCE"};
inline constexpr ConfigOption<Millis> kExecutionCheckpointingTimeout{
    "execution.checkpointing.timeout",
    "10 min",
    "A checkpoint that takes longer is given up.",
    {},
    ">=10"};
inline constexpr ConfigOption<Millis> kExecutionCheckpointingMinPause{
    "execution.checkpointing.min-pause",
    "0 ms",
    "Shortest time between the end of a checkpoint and the start of the next one; above 0 there is "
    "one at a time.",
    {},
    ">=0"};
inline constexpr ConfigOption<int> kExecutionCheckpointingMaxConcurrentCheckpoints{
    "execution.checkpointing.max-concurrent-checkpoints",
    "1",
    "How many checkpoints may be under way at the same time.",
    {},
    ">=1"};
inline constexpr ConfigOption<int> kExecutionCheckpointingTolerableFailedCheckpoints{
    "execution.checkpointing.tolerable-failed-checkpoints",
    "0",
    "How many checkpoints in a row may fail before the job does.",
    {},
    ">=0"};
inline constexpr ConfigOption<std::string> kExecutionCheckpointingExternalizedCheckpointRetention{
    "execution.checkpointing.externalized-checkpoint-retention",
    "NO_EXTERNALIZED_CHECKPOINTS",
    "Which checkpoints outlive their job: none, those of a failed job (DELETE_ON_CANCELLATION), "
    "those of a failed or cancelled one (RETAIN_ON_CANCELLATION).",
    {},
    "NO_EXTERNALIZED_CHECKPOINTS|DELETE_ON_CANCELLATION|RETAIN_ON_CANCELLATION"};
inline constexpr ConfigOption<bool> kExecutionCheckpointingCheckpointsAfterTasksFinish{
    "execution.checkpointing.checkpoints-after-tasks-finish",
    "true",
    "Checkpoints go on when some tasks of the job have finished.",
    {"execution.checkpointing.checkpoints-after-tasks-finish.enabled"}};
inline constexpr ConfigOption<std::string> kExecutionCheckpointingStorage{
    "execution.checkpointing.storage",
    "",
    "Where state goes: filesystem (the default with a directory), or jobmanager, which keeps it "
    "with the metadata.",
    {"state.checkpoint-storage"},
    "filesystem|jobmanager"};
inline constexpr ConfigOption<std::string> kExecutionCheckpointingDir{
    "execution.checkpointing.dir",
    "",
    "The directory for checkpoints; JobManager and TaskManagers have to share it.",
    {"state.checkpoints.dir", "state.backend.fs.checkpointdir"}};
inline constexpr ConfigOption<std::string> kExecutionCheckpointingSavepointDir{
    "execution.checkpointing.savepoint-dir",
    "",
    "The directory for savepoints that name none.",
    {"state.savepoints.dir", "savepoints.state.backend.fs.dir"}};
inline constexpr ConfigOption<int> kExecutionCheckpointingNumRetained{
    "execution.checkpointing.num-retained",
    "1",
    "How many completed checkpoints are kept.",
    {"state.checkpoints.num-retained"},
    ">=1"};
inline constexpr ConfigOption<bool> kExecutionCheckpointingCreateSubdir{
    "execution.checkpointing.create-subdir",
    "true",
    "Each job has a folder of its own in the checkpoint directory. Without, no two jobs may use "
    "one directory.",
    {"state.checkpoints.create-subdir"}};
inline constexpr ConfigOption<MemorySize> kExecutionCheckpointingDataInlineThreshold{
    "execution.checkpointing.data-inline-threshold",
    "20 kb",
    "State smaller than this travels with the metadata instead of in a file.",
    {"state.storage.fs.memory-threshold", "state.backend.fs.memory-threshold"},
    "0..1048576"};
inline constexpr ConfigOption<bool> kExecutionCheckpointingSnapshotCompression{
    "execution.checkpointing.snapshot-compression", "false",
    "Compresses state with LZ4 as it is written."};
inline constexpr ConfigOption<bool> kExecutionCheckpointingUnalignedEnabled{
    "execution.checkpointing.unaligned.enabled",
    "false",
    "Barriers overtake buffers; not in this release, so true is refused.",
    {"execution.checkpointing.unaligned"}};
inline constexpr ConfigOption<std::string> kExecutionStateRecoveryPath{
    "execution.state-recovery.path",
    "",
    "The checkpoint or savepoint that a job starts from.",
    {"execution.savepoint.path"}};
inline constexpr ConfigOption<bool> kExecutionStateRecoveryIgnoreUnclaimedState{
    "execution.state-recovery.ignore-unclaimed-state",
    "false",
    "Lets a job start although some of the state has no operator in it any more.",
    {"execution.savepoint.ignore-unclaimed-state"}};
inline constexpr ConfigOption<int> kWebCheckpointsHistory{
    "web.checkpoints.history", "10", "Checkpoints per job whose details are kept.", {}, ">=0"};

}  // namespace flink::config
