#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "core/base/clock.h"
#include "core/base/executor.h"

namespace flink::testing {

/// A clock that stands still until it is moved.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t wallMs = 1'700'000'000'000) : wallMs_(wallMs) {}
  [[nodiscard]] MonotonicTime now() const override { return now_; }
  [[nodiscard]] EpochMillis wallMillis() const override {
    const auto passed =
        std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch());
    return static_cast<EpochMillis>(wallMs_ + passed.count());
  }
  void moveTo(MonotonicTime time) { now_ = time; }

 private:
  std::int64_t wallMs_;
  MonotonicTime now_{};
};

/// An event loop that runs on the test's thread, when the test says so, on time that passes when
/// the test says so. Thread: one.
class ManualEventLoop final : public EventLoop {
 public:
  explicit ManualEventLoop(ManualClock& clock) : clock_(clock) {}

  void post(std::function<void()> fn) override {
    if (!stopped_) queue_.push_back(std::move(fn));
  }
  TimerId schedule(Duration after, std::function<void()> fn) override {
    const auto id = static_cast<TimerId>(nextTimer_++);
    timers_.emplace(std::pair(clock_.now() + after, id), std::move(fn));
    due_.emplace(id, clock_.now() + after);
    return id;
  }
  void cancel(TimerId timer) override {
    const auto found = due_.find(timer);
    if (found == due_.end()) return;
    timers_.erase({found->second, timer});
    due_.erase(found);
  }
  [[nodiscard]] bool inLoop() const override { return running_; }
  void stop() override {
    stopped_ = true;
    queue_.clear();
    timers_.clear();
    due_.clear();
  }

  /// Runs what is posted, and what that posts, until nothing is left. Time does not pass.
  void run() {
    while (!queue_.empty()) {
      auto fn = std::move(queue_.front());
      queue_.pop_front();
      running_ = true;
      fn();
      running_ = false;
    }
  }
  /// Lets time pass, running timers when they are due and what they post.
  void advance(Duration by) {
    const MonotonicTime end = clock_.now() + by;
    run();
    while (!timers_.empty() && timers_.begin()->first.first <= end) {
      auto timer = timers_.begin();
      clock_.moveTo(timer->first.first);
      queue_.push_back(std::move(timer->second));
      due_.erase(timer->first.second);
      timers_.erase(timer);
      run();
    }
    clock_.moveTo(end);
  }
  [[nodiscard]] std::size_t numTimers() const { return timers_.size(); }

 private:
  ManualClock& clock_;
  std::deque<std::function<void()>> queue_;
  std::map<std::pair<MonotonicTime, TimerId>, std::function<void()>> timers_;
  std::map<TimerId, MonotonicTime> due_;
  std::uint64_t nextTimer_ = 1;
  bool running_ = false;
  bool stopped_ = false;
};

}  // namespace flink::testing
