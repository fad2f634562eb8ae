#include "core/base/blocking_pool.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "core/base/signal_stack.h"

namespace flink {

void BlockingPool::run(std::function<void()> work) {
  std::vector<std::thread> ended;
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    ended.swap(ended_);
    queue_.push_back(std::move(work));
    if (queue_.size() <= idle_) {
      wakeUp_.notifyOne();
    } else if (threads_.size() < kMaxThreads) {
      threads_.emplace_back([this] { serve(); });
      ::pthread_setname_np(threads_.back().native_handle(), "flink-blocking");
    }
  }
  joinEnded(ended);
}

void BlockingPool::stop() {
  std::deque<std::function<void()>> dropped;
  std::vector<std::thread> ended;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
    wakeUp_.notifyAll();
    while (!threads_.empty()) allEnded_.wait(mutex_);
    ended.swap(ended_);
  }
  joinEnded(ended);
}

void BlockingPool::serve() {
  const SignalStack signalStack;
  MutexLock lock(mutex_);
  while (!stopped_) {
    if (queue_.empty()) {
      ++idle_;
      const bool notified = wakeUp_.waitFor(mutex_, kLinger);
      --idle_;
      if (!notified && queue_.empty()) break;
      continue;
    }
    std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    mutex_.unlock();
    work();
    work = nullptr;
    mutex_.lock();
  }
  // A thread cannot join itself: the next caller does.
  const auto self = std::find_if(threads_.begin(), threads_.end(), [](const std::thread& t) {
    return t.get_id() == std::this_thread::get_id();
  });
  ended_.push_back(std::move(*self));
  threads_.erase(self);
  if (threads_.empty()) allEnded_.notifyAll();
}

void BlockingPool::joinEnded(std::vector<std::thread>& ended) {
  for (std::thread& thread : ended) thread.join();
}

}  // namespace flink
