#include "dataflow/operators/keyed_timers.h"

#include "dataflow/operators/interruption.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/state/keyed_state_backend.h"

namespace flink::operators {

namespace {
/// Processing-time timers that one call fires before other work gets its turn.
constexpr std::size_t kMaxTimersPerCall = 1024;
}  // namespace

KeyedTimers::KeyedTimers(const std::string& name, const OperatorContext& context,
                         TimerTarget& target)
    : backend_(*context.state.keyedState),
      processingTime_(*context.processingTime),
      target_(target),
      fired_(context.firedTimers),
      eventTime_(valueOrThrow(backend_.timerQueue(name + "/event-time"))),
      processing_(valueOrThrow(backend_.timerQueue(name + "/processing-time"))) {
  scheduleEarliest();
}

KeyedTimers::~KeyedTimers() {
  processingTime_.cancel(scheduled_);
}

void KeyedTimers::registerEventTimeTimer(state::Namespace space, types::Timestamp time) {
  eventTime_->registerTimer(space, time);
}

void KeyedTimers::deleteEventTimeTimer(state::Namespace space, types::Timestamp time) {
  eventTime_->deleteTimer(space, time);
}

void KeyedTimers::registerProcessingTimeTimer(state::Namespace space, types::Timestamp time) {
  if (processing_->registerTimer(space, time)) scheduleEarliest();
}

void KeyedTimers::deleteProcessingTimeTimer(state::Namespace space, types::Timestamp time) {
  processing_->deleteTimer(space, time);
}

bool KeyedTimers::advanceWatermark(types::Timestamp watermark, std::size_t maxTimers) {
  for (std::size_t fired = 0; fired < maxTimers; ++fired) {
    checkInterruption(*currentInterruption.requested);
    const state::DueTimer* timer = eventTime_->poll(watermark);
    if (timer == nullptr) return true;
    backend_.setCurrentKey(timer->key, timer->hash);
    if (fired_ != nullptr) fired_->inc();
    target_.onEventTimeTimer(*timer);
  }
  return eventTime_->empty() || eventTime_->peekTime() > watermark;
}

void KeyedTimers::fireProcessingTime(types::Timestamp time) {
  scheduled_ = ProcessingTimeService::TimerId::kNone;
  // Later ones have their turn with the task's next timer, so that other operators' come between.
  for (std::size_t fired = 0; fired < kMaxTimersPerCall; ++fired) {
    checkInterruption(*currentInterruption.requested);
    const state::DueTimer* timer = processing_->poll(time);
    if (timer == nullptr) break;
    backend_.setCurrentKey(timer->key, timer->hash);
    if (fired_ != nullptr) fired_->inc();
    target_.onProcessingTimeTimer(*timer);
  }
  target_.afterProcessingTimeTimers();
  scheduleEarliest();
}

void KeyedTimers::scheduleEarliest() {
  if (processing_->empty()) return;
  const types::Timestamp earliest = processing_->peekTime();
  if (scheduled_ != ProcessingTimeService::TimerId::kNone) {
    if (scheduledTime_ <= earliest) return;
    processingTime_.cancel(scheduled_);
  }
  scheduledTime_ = earliest;
  scheduled_ = processingTime_.registerTimer(
      earliest, [this](types::Timestamp time) { fireProcessingTime(time); });
}

}  // namespace flink::operators
