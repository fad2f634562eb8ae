#include "dataflow/task/processing_timers.h"

#include <algorithm>
#include <chrono>

namespace flink::task {

namespace {
/// The longest wait for a timer: the event loop counts nanoseconds.
constexpr types::Timestamp kLongestDelayMs = 365LL * 24 * 60 * 60 * 1000;
}  // namespace

ProcessingTimers::~ProcessingTimers() {
  close();
}

ProcessingTimers::TimerId ProcessingTimers::registerTimer(types::Timestamp time,
                                                          Callback callback) {
  if (closed_) return TimerId::kNone;
  const std::uint64_t id = ++lastId_;
  timers_.emplace(Place{time, id}, std::move(callback));
  times_.emplace(id, time);
  scheduleEarliest();
  return static_cast<TimerId>(id);
}

void ProcessingTimers::cancel(TimerId timer) {
  const auto id = static_cast<std::uint64_t>(timer);
  const auto found = times_.find(id);
  if (found == times_.end()) return;
  timers_.erase(Place{found->second, id});
  times_.erase(found);
}

bool ProcessingTimers::runDue(std::size_t maxCallbacks) {
  if (timers_.empty()) return true;
  const types::Timestamp clock = now();
  for (std::size_t ran = 0; !timers_.empty() && timers_.begin()->first.first < clock; ++ran) {
    if (ran == maxCallbacks) return false;
    auto due = timers_.extract(timers_.begin());
    times_.erase(due.key().second);
    due.mapped()(due.key().first);
  }
  scheduleEarliest();
  return true;
}

void ProcessingTimers::close() {
  closed_ = true;
  timers_.clear();
  times_.clear();
  if (loop_ != nullptr && physical_ != EventLoop::TimerId::kNone) loop_->cancel(physical_);
  physical_ = EventLoop::TimerId::kNone;
  fired_.reset();
}

void ProcessingTimers::scheduleEarliest() {
  if (timers_.empty() || loop_ == nullptr) return;
  const types::Timestamp earliest = timers_.begin()->first.first;
  const types::Timestamp clock = now();
  const bool pending = fired_ != nullptr && !fired_->load(std::memory_order_acquire);
  if (pending && physicalTime_ <= earliest) return;
  if (pending) loop_->cancel(physical_);
  // The clock has passed a millisecond only when the next one has begun.
  const types::Timestamp delay =
      earliest < clock ? 0 : std::min(earliest - clock, kLongestDelayMs) + 1;
  physicalTime_ = earliest;
  fired_ = std::make_shared<std::atomic<bool>>(false);
  physical_ = loop_->schedule(std::chrono::milliseconds(delay), [wake = wake_, fired = fired_] {
    fired->store(true, std::memory_order_release);
    wake();
  });
}

}  // namespace flink::task
