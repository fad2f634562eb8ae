#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/base/clock.h"

namespace flink::task {

/// What a task does with its time. Between two steps without waiting it is busy: it could use a
/// thread.
enum class Activity : std::uint8_t {
  kNone,  ///< before it runs and after its end: counts nowhere
  kBusy,
  kIdle,               ///< waits for input
  kSoftBackPressured,  ///< waits for room in its output before it takes more input
  kHardBackPressured,  ///< waits for room in the middle of a record
};

/// Accounts a task's time by activity, and its rates over the last minute.
/// Thread: enter() on the task's step; the rest on any thread.
class TaskTimes {
 public:
  explicit TaskTimes(const Clock& clock) : clock_(clock) {}

  void enter(Activity next, MonotonicTime now);
  void enter(Activity next) { enter(next, clock_.now()); }

  [[nodiscard]] Activity current() const;
  [[nodiscard]] bool isBackPressured() const {
    const Activity now = current();
    return now == Activity::kSoftBackPressured || now == Activity::kHardBackPressured;
  }
  [[nodiscard]] std::int64_t accumulatedMs(Activity activity) const;
  [[nodiscard]] std::int64_t accumulatedBackPressuredMs() const {
    return accumulatedMs(Activity::kSoftBackPressured) +
           accumulatedMs(Activity::kHardBackPressured);
  }
  /// The longest uninterrupted stretch, the present one included.
  [[nodiscard]] std::int64_t longestMs(Activity activity) const;
  /// Milliseconds per second over the last minute, or since the start while it is younger.
  [[nodiscard]] double msPerSecond(Activity activity) const;
  /// Flink's busy time: what is neither idle nor backpressured.
  [[nodiscard]] double busyMsPerSecond() const;
  [[nodiscard]] double backPressuredMsPerSecond() const {
    return msPerSecond(Activity::kSoftBackPressured) + msPerSecond(Activity::kHardBackPressured);
  }

 private:
  static constexpr std::size_t kNumActivities = 5;
  static constexpr std::size_t kNumSamples = 13;  // the present one and a minute of older ones
  static constexpr Duration kSampleEvery = std::chrono::seconds(5);
  static constexpr Duration kWindow = std::chrono::seconds(60);

  using PerActivity = std::array<std::int64_t, kNumActivities>;
  struct Sample {
    std::int64_t at = 0;  // 0: none
    PerActivity ns{};
  };

  [[nodiscard]] std::int64_t nowNs() const { return clock_.now().time_since_epoch().count(); }
  [[nodiscard]] PerActivity accumulated(std::int64_t now) const;
  void updateRates() const;

  const Clock& clock_;
  /// Start of the present activity (ns << 3) and the activity itself, in one word so that readers
  /// see a pair.
  std::atomic<std::int64_t> present_{0};
  std::array<std::atomic<std::int64_t>, kNumActivities> ns_{};
  std::array<std::atomic<std::int64_t>, kNumActivities> longestNs_{};

  // Rates are computed by whoever reads them; a second reader at the same time takes the first
  // one's last result.
  mutable std::atomic_flag updating_ = ATOMIC_FLAG_INIT;
  mutable std::array<Sample, kNumSamples> samples_{};
  mutable std::size_t newest_ = 0;
  mutable std::array<std::atomic<double>, kNumActivities> rates_{};
};

}  // namespace flink::task
