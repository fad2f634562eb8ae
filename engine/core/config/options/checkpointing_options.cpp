#include "core/config/options/checkpointing_options.h"

#include "core/config/option_info.h"

namespace flink::config {

std::vector<OptionInfo> checkpointingOptions() {
  return {
      describe(kExecutionCheckpointingInterval),
      describe(kExecutionCheckpointingMode),
      describe(kExecutionCheckpointingTimeout),
      describe(kExecutionCheckpointingMinPause),
      describe(kExecutionCheckpointingMaxConcurrentCheckpoints),
      describe(kExecutionCheckpointingTolerableFailedCheckpoints),
      describe(kExecutionCheckpointingExternalizedCheckpointRetention),
      describe(kExecutionCheckpointingCheckpointsAfterTasksFinish),
      describe(kExecutionCheckpointingStorage),
      describe(kExecutionCheckpointingDir),
      describe(kExecutionCheckpointingSavepointDir),
      describe(kExecutionCheckpointingNumRetained),
      describe(kExecutionCheckpointingCreateSubdir),
      describe(kExecutionCheckpointingDataInlineThreshold),
      describe(kExecutionCheckpointingSnapshotCompression),
      describe(kExecutionCheckpointingUnalignedEnabled),
      describe(kExecutionStateRecoveryPath),
      describe(kExecutionStateRecoveryIgnoreUnclaimedState),
      describe(kWebCheckpointsHistory),
  };
}

}  // namespace flink::config
