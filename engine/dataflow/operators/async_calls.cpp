#include "dataflow/operators/async_calls.h"

#include <algorithm>
#include <utility>

namespace flink::operators {

AsyncCalls::AsyncCalls(Executor* executor, const Clock& clock, std::function<void()> wake)
    : executor_(executor), clock_(clock), wake_(std::move(wake)) {}

AsyncCalls::~AsyncCalls() = default;

void AsyncCalls::ended(std::uint64_t id) {
  const MutexLock lock(mutex_);
  if (closed_) return;
  ended_.push_back(id);
  makeReady();
  wake_();
}

void AsyncCalls::makeReady() {
  ready_.store(true, std::memory_order_release);
  executor_->notify(*this);
}

void AsyncCalls::runBlocking(std::function<void()> work) {
  {
    const MutexLock lock(mutex_);
    if (closed_) return;
  }
  executor_->runBlocking(std::move(work));
}

void AsyncCalls::take(std::vector<std::uint64_t>& ids) {
  const MutexLock lock(mutex_);
  ready_.store(false, std::memory_order_release);
  ids.swap(ended_);
  ended_.clear();
}

void AsyncCalls::park(std::optional<std::int64_t> afterMs) {
  EventLoop::TimerId timer = EventLoop::TimerId::kNone;
  if (afterMs.has_value()) {
    if (alarm_ == nullptr) alarm_ = makeThreadEventLoop("async-alarm", clock_);
    // One more: timers of whole milliseconds are due once the clock has passed them.
    timer = alarm_->schedule(std::chrono::milliseconds(std::max<std::int64_t>(0, *afterMs) + 1),
                             [this] { makeReady(); });
  }
  while (!ready()) executor_->await(*this);
  if (alarm_ != nullptr) alarm_->cancel(timer);
}

void AsyncCalls::close() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    wake_ = nullptr;
  }
  if (alarm_ != nullptr) alarm_->stop();
}

}  // namespace flink::operators
