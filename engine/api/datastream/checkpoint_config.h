#pragma once

#include <cstdint>
#include <string>

namespace flink {

namespace config {
class Configuration;
}

/// Whether a task waits for the barriers of all its inputs.
enum class CheckpointingMode : std::uint8_t { EXACTLY_ONCE, AT_LEAST_ONCE };
/// Which checkpoints outlive their job.
enum class ExternalizedCheckpointCleanup : std::uint8_t {
  NO_EXTERNALIZED_CHECKPOINTS,
  DELETE_ON_CANCELLATION,
  RETAIN_ON_CANCELLATION
};

/// How the jobs of an environment are checkpointed: Flink's names for the keys
/// `execution.checkpointing.*`, which are set in the environment's configuration. Times are in
/// milliseconds. Thread: the program's. Lifetime: that of its environment.
/// Errors: a value that its key does not allow throws FlinkException.
class CheckpointConfig {
 public:
  explicit CheckpointConfig(config::Configuration& configuration) : configuration_(configuration) {}

  [[nodiscard]] bool isCheckpointingEnabled() const;
  CheckpointConfig& setCheckpointInterval(std::int64_t ms);
  /// -1: there are no periodic checkpoints.
  [[nodiscard]] std::int64_t getCheckpointInterval() const;
  CheckpointConfig& setCheckpointingMode(CheckpointingMode mode);
  [[nodiscard]] CheckpointingMode getCheckpointingMode() const;
  CheckpointConfig& setCheckpointTimeout(std::int64_t ms);
  [[nodiscard]] std::int64_t getCheckpointTimeout() const;
  CheckpointConfig& setMinPauseBetweenCheckpoints(std::int64_t ms);
  [[nodiscard]] std::int64_t getMinPauseBetweenCheckpoints() const;
  CheckpointConfig& setMaxConcurrentCheckpoints(std::int32_t number);
  [[nodiscard]] std::int32_t getMaxConcurrentCheckpoints() const;
  CheckpointConfig& setTolerableCheckpointFailureNumber(std::int32_t number);
  [[nodiscard]] std::int32_t getTolerableCheckpointFailureNumber() const;
  CheckpointConfig& setExternalizedCheckpointCleanup(ExternalizedCheckpointCleanup cleanup);
  /// An older name.
  CheckpointConfig& enableExternalizedCheckpoints(ExternalizedCheckpointCleanup cleanup) {
    return setExternalizedCheckpointCleanup(cleanup);
  }
  [[nodiscard]] ExternalizedCheckpointCleanup getExternalizedCheckpointCleanup() const;
  /// A directory that JobManager and TaskManagers share.
  CheckpointConfig& setCheckpointStorage(const std::string& directory);
  /// Not in this release: a job with unaligned checkpoints is refused when it is submitted.
  CheckpointConfig& enableUnalignedCheckpoints(bool enabled = true);
  /// How long barriers may be waited for before a checkpoint becomes unaligned; so it changes
  /// nothing in this release. Throws when negative.
  CheckpointConfig& setAlignmentTimeout(std::int64_t ms);

 private:
  config::Configuration& configuration_;
};

}  // namespace flink
