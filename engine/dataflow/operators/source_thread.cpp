#include "dataflow/operators/source_thread.h"

#include <utility>

#include "core/base/check.h"

namespace flink::operators {

namespace {

/// An address that no other thread has.
const void* currentThread() {
  static thread_local char token;
  return &token;
}

}  // namespace

void RecursiveLock::lock() {
  if (holder_.load(std::memory_order_relaxed) == currentThread()) {
    ++depth_;
    return;
  }
  mutex_.lock();
  holder_.store(currentThread(), std::memory_order_relaxed);
  depth_ = 1;
}

void RecursiveLock::unlock() {
  FLINK_CHECK(holder_.load(std::memory_order_relaxed) == currentThread(),
              "unlocked by a thread that does not hold it");
  if (--depth_ > 0) return;
  holder_.store(nullptr, std::memory_order_relaxed);
  mutex_.unlock();
}

SourceThread::SourceThread(const Clock& clock, std::string name, std::function<void()> wake)
    : wake_(std::move(wake)), loop_(makeThreadEventLoop(std::move(name), clock)) {}

SourceThread::~SourceThread() {
  FLINK_CHECK(!started_, "a source thread was not stopped");
}

void SourceThread::start(std::function<void()> body) {
  started_ = true;
  loop_->post([this, body = std::move(body)] {
    std::exception_ptr failure;
    try {
      body();
    } catch (const SourceCancelled&) {
      // The task asked for it.
    } catch (...) {
      failure = std::current_exception();
    }
    finishBody(failure);
  });
}

void SourceThread::finishBody(std::exception_ptr failure) {
  {
    const MutexLock lock(mutex_);
    ended_ = true;
    failure_ = std::move(failure);
    stepSleeps_ = false;
  }
  wake_();
}

void SourceThread::stop(const std::function<void()>& cancel) {
  if (!started_) return;
  bool running;
  {
    const MutexLock lock(mutex_);
    running = !ended_;
    cancelled_ = true;
    room_.notifyAll();
  }
  if (running) cancel();
  loop_->stop();
  started_ = false;
}

void SourceThread::waitForRoom() {
  while (waiting_ >= kCapacity && !cancelled_ && !unbounded_) room_.wait(mutex_);
  if (cancelled_) throw SourceCancelled();
}

void SourceThread::setUnbounded(bool unbounded) {
  const MutexLock lock(mutex_);
  unbounded_ = unbounded;
  if (unbounded) room_.notifyAll();
}

bool SourceThread::published() {
  ++waiting_;
  return std::exchange(stepSleeps_, false);
}

bool SourceThread::takeWaiting() {
  const std::size_t taken = std::exchange(waiting_, 0);
  if (taken >= kCapacity) room_.notifyAll();
  return taken > 0;
}

std::size_t SourceThread::takeAll() {
  const std::size_t taken = waiting_;
  takeWaiting();
  stepSleeps_ = taken == 0 && !ended_;
  return taken;
}

bool SourceThread::ended() {
  if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
  return ended_;
}

}  // namespace flink::operators
