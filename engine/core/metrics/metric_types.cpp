#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/metrics/quantile.h"
#include "core/metrics/registry.h"

namespace flink::metrics {

double quantile(const std::vector<std::int64_t>& sorted, double share) {
  const auto n = static_cast<double>(sorted.size());
  const double position = share * (n + 1);
  if (position < 1) return static_cast<double>(sorted.front());
  if (position >= n) return static_cast<double>(sorted.back());
  const double whole = std::floor(position);
  const auto lower = static_cast<double>(sorted[static_cast<std::size_t>(whole) - 1]);
  const auto upper = static_cast<double>(sorted[static_cast<std::size_t>(whole)]);
  return lower + (position - whole) * (upper - lower);
}

Meter::Meter(std::shared_ptr<Counter> counter, int timeSpanSeconds)
    : counter_(std::move(counter)),
      values_(static_cast<std::size_t>(std::max(timeSpanSeconds / kUpdateIntervalSeconds, 1)) + 1) {
}

void Meter::update(std::int64_t ticks) {
  if (ticks <= 0) return;
  const std::int64_t before = values_[time_];
  const std::int64_t now = counter_->count();
  const auto slots = static_cast<std::int64_t>(values_.size());
  const double perTick = static_cast<double>(now - before) / static_cast<double>(ticks);
  for (std::int64_t tick = std::max<std::int64_t>(1, ticks - slots + 1); tick <= ticks; ++tick) {
    time_ = (time_ + 1) % values_.size();
    values_[time_] = tick == ticks
                         ? now
                         : before + static_cast<std::int64_t>(perTick * static_cast<double>(tick));
  }
  const std::int64_t oldest = values_[(time_ + 1) % values_.size()];
  const auto span = static_cast<double>((slots - 1) * kUpdateIntervalSeconds);
  rate_.store(static_cast<double>(now - oldest) / span, std::memory_order_relaxed);
}

Histogram::Histogram(std::size_t windowSize) : windowSize_(std::max<std::size_t>(windowSize, 1)) {}

void Histogram::update(std::int64_t value) {
  const MutexLock lock(mutex_);
  if (values_.size() < windowSize_) {
    values_.push_back(value);
  } else {
    values_[static_cast<std::size_t>(count_) % windowSize_] = value;
  }
  ++count_;
}

HistogramStatistics Histogram::statistics() const {
  std::vector<std::int64_t> sorted;
  HistogramStatistics statistics;
  {
    const MutexLock lock(mutex_);
    sorted = values_;
    statistics.count = count_;
  }
  if (sorted.empty()) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    statistics.mean = statistics.stddev = statistics.p50 = statistics.p75 = statistics.p95 = kNone;
    statistics.p98 = statistics.p99 = statistics.p999 = kNone;
    return statistics;
  }
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<double>(sorted.size());
  double sum = 0, squares = 0;
  for (const std::int64_t value : sorted) sum += static_cast<double>(value);
  statistics.mean = sum / n;
  for (const std::int64_t value : sorted) {
    const double distance = static_cast<double>(value) - statistics.mean;
    squares += distance * distance;
  }
  statistics.stddev = sorted.size() > 1 ? std::sqrt(squares / (n - 1)) : 0;
  statistics.min = static_cast<double>(sorted.front());
  statistics.max = static_cast<double>(sorted.back());
  statistics.p50 = quantile(sorted, 0.5);
  statistics.p75 = quantile(sorted, 0.75);
  statistics.p95 = quantile(sorted, 0.95);
  statistics.p98 = quantile(sorted, 0.98);
  statistics.p99 = quantile(sorted, 0.99);
  statistics.p999 = quantile(sorted, 0.999);
  return statistics;
}

}  // namespace flink::metrics
