#include "dataflow/operators/user_timers.h"

#include "core/base/error_codes.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::operators {

namespace {
[[noreturn]] void refuse(const char* what) {
  throw OperatorFailure(Status(ErrorCode::kStateNoKey, what));
}
}  // namespace

void UserTimers::open(OperatorContext& context, const EventTimeInputs& eventTime,
                      TimerTarget* target) {
  context_ = &context;
  eventTime_ = &eventTime;
  if (target != nullptr && context.state.keyedState != nullptr) {
    keyed_.emplace("user-timers", context, *target);
  }
}

std::int64_t UserTimers::currentProcessingTime() const {
  return context_->processingTime->now();
}
std::int64_t UserTimers::currentWatermark() const {
  return eventTime_->current();
}

KeyedTimers& UserTimers::toRegister() {
  if (!keyed_) refuse("Setting timers is only supported on a keyed streams.");
  return *keyed_;
}
KeyedTimers& UserTimers::toDelete() {
  if (!keyed_) refuse("Deleting timers is only supported on a keyed streams.");
  return *keyed_;
}

void UserTimers::registerEventTimeTimer(std::int64_t time) {
  toRegister().registerEventTimeTimer({}, time);
}
void UserTimers::registerProcessingTimeTimer(std::int64_t time) {
  toRegister().registerProcessingTimeTimer({}, time);
}
void UserTimers::deleteEventTimeTimer(std::int64_t time) {
  toDelete().deleteEventTimeTimer({}, time);
}
void UserTimers::deleteProcessingTimeTimer(std::int64_t time) {
  toDelete().deleteProcessingTimeTimer({}, time);
}

}  // namespace flink::operators
