#pragma once

#include <optional>
#include <vector>

#include "core/types/stream_time.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/watermark_strategy.h"

namespace flink::operators {

/// Stands between a generator and its operator's outputs: keeps back what the generator says until
/// the record that made it say so has been emitted. Watermarks only rise, and end idleness.
/// Thread: the task's step.
class WatermarkEmitter final : public WatermarkOutput {
 public:
  void emitWatermark(std::int64_t timestamp) override;
  void markIdle() override;
  void markActive() override;

  [[nodiscard]] bool hasPending() const { return !pending_.empty(); }
  /// Puts out what was kept back.
  void flush(OperatorContext& context);

 private:
  types::Timestamp current_ = types::kMinWatermark;
  bool idle_ = false;
  std::vector<types::StreamElement> pending_;
};

/// Calls a generator each pipeline.auto-watermark-interval, or finds its input idle.
/// Thread: the task's step. Lifetime: close() stops it.
class PeriodicEmit {
 public:
  /// `idlenessMs` 0: never idle.
  PeriodicEmit(OperatorContext& context, WatermarkEmitter& emitter, std::int64_t idlenessMs,
               std::function<void(WatermarkOutput&)> onPeriodicEmit);
  ~PeriodicEmit();
  PeriodicEmit(const PeriodicEmit&) = delete;
  PeriodicEmit& operator=(const PeriodicEmit&) = delete;

  /// There were records.
  void activity() {
    if (idleness_) {
      idleness_->activity();
      toldIdle_ = false;
    }
  }
  /// One periodic call, now.
  void emit();

 private:
  void schedule();

  OperatorContext& context_;
  WatermarkEmitter& emitter_;
  std::optional<IdlenessTimer> idleness_;
  std::function<void(WatermarkOutput&)> onPeriodicEmit_;
  bool toldIdle_ = false;
  ProcessingTimeService::TimerId timer_ = ProcessingTimeService::TimerId::kNone;
};

}  // namespace flink::operators
