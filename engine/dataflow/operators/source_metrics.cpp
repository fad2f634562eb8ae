#include "dataflow/operators/source_metrics.h"

#include <atomic>

namespace flink::operators {

/// Shared with the gauge.
struct SourceMetrics::Idleness {
  explicit Idleness(const Clock& used) : clock(used) {}
  [[nodiscard]] std::int64_t milliseconds() const {
    const std::int64_t since = idleSince.load(std::memory_order_relaxed);
    if (since < 0) return 0;
    return (clock.now().time_since_epoch().count() - since) / 1'000'000;
  }

  const Clock& clock;
  std::atomic<std::int64_t> idleSince{-1};  ///< nanoseconds of the monotonic clock; -1: not idle
};

void SourceMetrics::open(const OperatorContext& context) {
  recordsInErrors_ = context.metrics->counter("numRecordsInErrors");
  idleness_ = std::make_shared<Idleness>(*context.clock);
  context.metrics->gauge("sourceIdleTime", [idleness = idleness_]() -> metrics::GaugeValue {
    return idleness->milliseconds();
  });
}

void SourceMetrics::setIdle(bool idle) {
  const bool wasIdle = idleness_->idleSince.load(std::memory_order_relaxed) >= 0;
  if (idle == wasIdle) return;
  idleness_->idleSince.store(idle ? idleness_->clock.now().time_since_epoch().count() : -1,
                             std::memory_order_relaxed);
}

}  // namespace flink::operators
