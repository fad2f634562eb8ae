#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace flink::connectors {

/// A part file that is being written.
struct PartFileInfo {
  std::string bucketId;
  std::uint64_t size = 0;           ///< bytes
  std::int64_t creationTimeMs = 0;  ///< wall clock, as all times here
  std::int64_t lastUpdateTimeMs = 0;
};

/// When a part file is full. Called by every writer of a sink. Thread: any.
class RollingPolicy {
 public:
  virtual ~RollingPolicy() = default;
  [[nodiscard]] virtual bool shouldRollOnCheckpoint(const PartFileInfo& part) const = 0;
  /// Before a record is written.
  [[nodiscard]] virtual bool shouldRollOnEvent(const PartFileInfo& part) const = 0;
  /// Every bucket-check interval.
  [[nodiscard]] virtual bool shouldRollOnProcessingTime(const PartFileInfo& part,
                                                        std::int64_t nowMs) const = 0;
};

/// Rolls parts that are too large, open for too long, or unused for too long.
class DefaultRollingPolicy final : public RollingPolicy {
 public:
  class PolicyBuilder;
  static PolicyBuilder builder();
  [[nodiscard]] bool shouldRollOnCheckpoint(const PartFileInfo& part) const override {
    return part.size > maxPartSize_;
  }
  [[nodiscard]] bool shouldRollOnEvent(const PartFileInfo& part) const override {
    return part.size > maxPartSize_;
  }
  [[nodiscard]] bool shouldRollOnProcessingTime(const PartFileInfo& part,
                                                std::int64_t nowMs) const override {
    return nowMs - part.creationTimeMs >= rolloverIntervalMs_ ||
           nowMs - part.lastUpdateTimeMs >= inactivityIntervalMs_;
  }

 private:
  std::uint64_t maxPartSize_ = 128ULL << 20;
  std::int64_t rolloverIntervalMs_ = 60'000;
  std::int64_t inactivityIntervalMs_ = 60'000;
};

class DefaultRollingPolicy::PolicyBuilder {
 public:
  PolicyBuilder& withMaxPartSize(std::uint64_t bytes) {
    policy_.maxPartSize_ = bytes;
    return *this;
  }
  PolicyBuilder& withRolloverInterval(std::chrono::milliseconds interval) {
    policy_.rolloverIntervalMs_ = interval.count();
    return *this;
  }
  PolicyBuilder& withInactivityInterval(std::chrono::milliseconds interval) {
    policy_.inactivityIntervalMs_ = interval.count();
    return *this;
  }
  [[nodiscard]] DefaultRollingPolicy build() const { return policy_; }

 private:
  DefaultRollingPolicy policy_;
};

inline DefaultRollingPolicy::PolicyBuilder DefaultRollingPolicy::builder() {
  return {};
}

/// Every checkpoint ends the open parts, and nothing else does.
class OnCheckpointRollingPolicy final : public RollingPolicy {
 public:
  static OnCheckpointRollingPolicy build() { return {}; }
  [[nodiscard]] bool shouldRollOnCheckpoint(const PartFileInfo& /*part*/) const override {
    return true;
  }
  [[nodiscard]] bool shouldRollOnEvent(const PartFileInfo& /*part*/) const override {
    return false;
  }
  [[nodiscard]] bool shouldRollOnProcessingTime(const PartFileInfo& /*part*/,
                                                std::int64_t /*nowMs*/) const override {
    return false;
  }
};

}  // namespace flink::connectors
