#include "dataflow/task/task_times.h"

#include <algorithm>

namespace flink::task {
namespace {

constexpr int kActivityBits = 3;
constexpr std::int64_t kActivityMask = (1 << kActivityBits) - 1;
constexpr std::int64_t kNsPerMs = 1'000'000;

constexpr std::size_t indexOf(Activity activity) {
  return static_cast<std::size_t>(activity);
}

}  // namespace

void TaskTimes::enter(Activity next, MonotonicTime now) {
  const std::int64_t present = present_.load(std::memory_order_relaxed);
  const auto activity = static_cast<Activity>(present & kActivityMask);
  if (activity == next) return;
  const std::int64_t nowNs = now.time_since_epoch().count();
  const std::size_t i = indexOf(activity);
  const std::int64_t spent = std::max<std::int64_t>(0, nowNs - (present >> kActivityBits));
  ns_[i].store(ns_[i].load(std::memory_order_relaxed) + spent, std::memory_order_relaxed);
  if (spent > longestNs_[i].load(std::memory_order_relaxed))
    longestNs_[i].store(spent, std::memory_order_relaxed);
  present_.store((nowNs << kActivityBits) | static_cast<std::int64_t>(next),
                 std::memory_order_release);
}

Activity TaskTimes::current() const {
  return static_cast<Activity>(present_.load(std::memory_order_acquire) & kActivityMask);
}

TaskTimes::PerActivity TaskTimes::accumulated(std::int64_t now) const {
  // Read in this order a switch in between can only hide the stretch that just ended, never count
  // it twice.
  const std::int64_t present = present_.load(std::memory_order_acquire);
  PerActivity result{};
  for (std::size_t i = 0; i < kNumActivities; ++i)
    result[i] = ns_[i].load(std::memory_order_relaxed);
  if (present == present_.load(std::memory_order_acquire)) {
    result[static_cast<std::size_t>(present & kActivityMask)] +=
        std::max<std::int64_t>(0, now - (present >> kActivityBits));
  }
  result[indexOf(Activity::kNone)] = 0;
  return result;
}

std::int64_t TaskTimes::accumulatedMs(Activity activity) const {
  return accumulated(nowNs())[indexOf(activity)] / kNsPerMs;
}

std::int64_t TaskTimes::longestMs(Activity activity) const {
  std::int64_t longest = longestNs_[indexOf(activity)].load(std::memory_order_relaxed);
  const std::int64_t present = present_.load(std::memory_order_acquire);
  if (static_cast<Activity>(present & kActivityMask) == activity) {
    longest = std::max(longest, nowNs() - (present >> kActivityBits));
  }
  return longest / kNsPerMs;
}

void TaskTimes::updateRates() const {
  if (updating_.test_and_set(std::memory_order_acquire)) return;
  const std::int64_t now = nowNs();
  const PerActivity total = accumulated(now);
  Sample& newest = samples_[newest_];
  if (newest.at == 0 || now - newest.at >= kSampleEvery.count()) {
    newest_ = (newest_ + 1) % kNumSamples;
    samples_[newest_] = {now, total};
  }
  // The oldest sample of the last minute, else the newest before it; without any everything counts
  // from the start.
  Sample oldest;
  for (std::size_t back = 1; back <= kNumSamples; ++back) {
    const Sample& candidate = samples_[(newest_ + back) % kNumSamples];
    if (candidate.at == 0 || candidate.at >= now) continue;
    oldest = candidate;
    if (now - candidate.at <= kWindow.count()) break;
  }
  PerActivity grown = total;
  for (std::size_t i = 0; i < kNumActivities; ++i) grown[i] -= oldest.ns[i];
  std::int64_t all = 0;
  for (const std::int64_t part : grown) all += part;
  for (std::size_t i = 0; i < kNumActivities; ++i) {
    const double rate =
        all <= 0 ? 0 : 1000.0 * static_cast<double>(grown[i]) / static_cast<double>(all);
    rates_[i].store(std::clamp(rate, 0.0, 1000.0), std::memory_order_relaxed);
  }
  updating_.clear(std::memory_order_release);
}

double TaskTimes::msPerSecond(Activity activity) const {
  updateRates();
  return rates_[indexOf(activity)].load(std::memory_order_relaxed);
}

double TaskTimes::busyMsPerSecond() const {
  const double other = msPerSecond(Activity::kIdle) + backPressuredMsPerSecond();
  return current() == Activity::kNone ? 0 : std::max(0.0, 1000.0 - other);
}

}  // namespace flink::task
