#include <algorithm>
#include <cmath>

#include "core/metrics/registry.h"

namespace flink::metrics {

Meter::Meter(std::shared_ptr<Counter> counter, int timeSpanSeconds)
    : counter_(std::move(counter)),
      values_(static_cast<std::size_t>(std::max(1, timeSpanSeconds / kUpdateIntervalSeconds)) + 1, 0) {}

void Meter::update() {
  const std::size_t size = values_.size();
  time_ = (time_ + 1) % size;
  const std::int64_t now = counter_->count();
  values_[time_] = now;
  const std::int64_t oldest = values_[(time_ + 1) % size];
  const auto span = static_cast<double>((size - 1) * kUpdateIntervalSeconds);
  rate_.store(static_cast<double>(now - oldest) / span, std::memory_order_relaxed);
}

Histogram::Histogram(std::size_t windowSize) : windowSize_(windowSize) { values_.reserve(windowSize); }

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
  HistogramStatistics result;
  {
    const MutexLock lock(mutex_);
    sorted = values_;
    result.count = count_;
  }
  if (sorted.empty()) return result;
  std::sort(sorted.begin(), sorted.end());
  const auto size = static_cast<double>(sorted.size());
  double sum = 0;
  for (const std::int64_t value : sorted) sum += static_cast<double>(value);
  result.mean = sum / size;
  double squares = 0;
  for (const std::int64_t value : sorted) squares += std::pow(static_cast<double>(value) - result.mean, 2);
  result.stddev = sorted.size() > 1 ? std::sqrt(squares / (size - 1)) : 0;
  // Percentiles by the (n+1) rule with linear interpolation, as Flink's histogram has them.
  const auto quantile = [&](double p) {
    const double position = p * (size + 1);
    if (position < 1) return static_cast<double>(sorted.front());
    if (position >= size) return static_cast<double>(sorted.back());
    const auto lower = static_cast<std::size_t>(position);
    const auto low = static_cast<double>(sorted[lower - 1]);
    return low + (position - static_cast<double>(lower)) * (static_cast<double>(sorted[lower]) - low);
  };
  result.min = static_cast<double>(sorted.front());
  result.max = static_cast<double>(sorted.back());
  result.p50 = quantile(0.5);
  result.p75 = quantile(0.75);
  result.p95 = quantile(0.95);
  result.p98 = quantile(0.98);
  result.p99 = quantile(0.99);
  result.p999 = quantile(0.999);
  return result;
}

}  // namespace flink::metrics
