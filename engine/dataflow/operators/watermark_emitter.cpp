#include "dataflow/operators/watermark_emitter.h"

#include <stdexcept>
#include <utility>

namespace flink::operators {

void throwBadWatermarkOption(const char* what) {
  throw std::invalid_argument(what);
}

void WatermarkEmitter::emitWatermark(std::int64_t timestamp) {
  if (timestamp <= current_) return;
  current_ = timestamp;
  markActive();
  pending_.push_back({types::StreamElement::Kind::kWatermark, timestamp});
}

void WatermarkEmitter::markIdle() {
  if (std::exchange(idle_, true)) return;
  pending_.push_back({types::StreamElement::Kind::kIdle, types::kMinWatermark});
}

void WatermarkEmitter::markActive() {
  if (!std::exchange(idle_, false)) return;
  pending_.push_back({types::StreamElement::Kind::kActive, types::kMinWatermark});
}

void WatermarkEmitter::flush(OperatorContext& context) {
  for (const types::StreamElement& element : pending_) {
    if (element.kind == types::StreamElement::Kind::kWatermark) {
      context.emitWatermark(element.time);
    } else {
      context.emitWatermarkStatus(element.kind == types::StreamElement::Kind::kIdle);
    }
  }
  pending_.clear();
}

PeriodicEmit::PeriodicEmit(OperatorContext& context, WatermarkEmitter& emitter,
                           std::int64_t idlenessMs,
                           std::function<void(WatermarkOutput&)> onPeriodicEmit)
    : context_(context), emitter_(emitter), onPeriodicEmit_(std::move(onPeriodicEmit)) {
  if (idlenessMs > 0) idleness_.emplace(idlenessMs);
  schedule();
}

PeriodicEmit::~PeriodicEmit() {
  context_.processingTime->cancel(timer_);
}

void PeriodicEmit::emit() {
  if (idleness_ && idleness_->checkIfIdle(context_.processingTime->now())) {
    if (!std::exchange(toldIdle_, true)) emitter_.markIdle();
  } else {
    onPeriodicEmit_(emitter_);
  }
  emitter_.flush(context_);
}

void PeriodicEmit::schedule() {
  if (context_.autoWatermarkIntervalMs <= 0 || context_.batchMode) return;
  const types::Timestamp next = context_.processingTime->now() + context_.autoWatermarkIntervalMs;
  timer_ = context_.processingTime->registerTimer(next, [this](types::Timestamp) {
    emit();
    schedule();
  });
}

}  // namespace flink::operators
