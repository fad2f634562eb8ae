#pragma once

#include <chrono>
#include <cstdint>

namespace flink {

/// How long entries of keyed state live, in processing time, and what becomes of them then.
class StateTtlConfig {
 public:
  enum class UpdateType : std::uint8_t { Disabled, OnCreateAndWrite, OnReadAndWrite };
  enum class StateVisibility : std::uint8_t { ReturnExpiredIfNotCleanedUp, NeverReturnExpired };

  /// Builds a StateTtlConfig. Every method returns the builder itself.
  class Builder {
   public:
    /// Errors (thrown): kInvalidArgument when `ttl` is not positive.
    explicit Builder(std::chrono::milliseconds ttl);
    Builder& setUpdateType(UpdateType type);
    Builder& updateTtlOnCreateAndWrite() { return setUpdateType(UpdateType::OnCreateAndWrite); }
    Builder& updateTtlOnReadAndWrite() { return setUpdateType(UpdateType::OnReadAndWrite); }
    Builder& setStateVisibility(StateVisibility visibility);
    Builder& returnExpiredIfNotCleanedUp() {
      return setStateVisibility(StateVisibility::ReturnExpiredIfNotCleanedUp);
    }
    Builder& neverReturnExpired() {
      return setStateVisibility(StateVisibility::NeverReturnExpired);
    }
    /// Leaves expired entries out of snapshots (and removes them, as they have been found).
    Builder& cleanupFullSnapshot();
    /// Looks at `cleanupSize` entries at every access of the state, and also once per record when
    /// `runCleanupForEveryRecord`. Errors (thrown): kInvalidArgument when it is not positive.
    Builder& cleanupIncrementally(int cleanupSize, bool runCleanupForEveryRecord);
    /// Accepted and without effect: there is no RocksDB backend in this release.
    Builder& cleanupInRocksdbCompactFilter(std::int64_t queryTimeAfterNumEntries = 1000);
    /// No cleanup other than by reading, unless a method above asked for one.
    Builder& disableCleanupInBackground();
    [[nodiscard]] StateTtlConfig build() const;

   private:
    std::int64_t ttlMs_;
    UpdateType updateType_ = UpdateType::OnCreateAndWrite;
    StateVisibility visibility_ = StateVisibility::NeverReturnExpired;
    bool fullSnapshot_ = false;
    bool background_ = true;
    int cleanupSize_ = 0;
    bool everyRecord_ = false;
  };

  static Builder newBuilder(std::chrono::milliseconds ttl) { return Builder(ttl); }

  /// No time to live.
  StateTtlConfig() = default;
  [[nodiscard]] bool isEnabled() const { return updateType_ != UpdateType::Disabled; }
  [[nodiscard]] std::chrono::milliseconds getTimeToLive() const {
    return std::chrono::milliseconds(ttlMs_);
  }
  [[nodiscard]] UpdateType getUpdateType() const { return updateType_; }
  [[nodiscard]] StateVisibility getStateVisibility() const { return visibility_; }
  [[nodiscard]] bool cleansUpFullSnapshots() const { return fullSnapshot_; }
  /// Entries to look at per access; 0: none.
  [[nodiscard]] int incrementalCleanupSize() const { return cleanupSize_; }
  [[nodiscard]] bool runsCleanupForEveryRecord() const { return everyRecord_; }

 private:
  std::int64_t ttlMs_ = 0;
  UpdateType updateType_ = UpdateType::Disabled;
  StateVisibility visibility_ = StateVisibility::NeverReturnExpired;
  bool fullSnapshot_ = false;
  int cleanupSize_ = 0;
  bool everyRecord_ = false;
};

}  // namespace flink
