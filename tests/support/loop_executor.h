#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "core/base/check.h"
#include "core/base/executor.h"

namespace flink::testing {

/// Steps tasks, and runs blocking work, as functions posted to a test's event loop: one after the
/// other, in an order that is always the same. No step may wait inside. Thread: the loop's.
class LoopExecutor final : public Executor {
 public:
  explicit LoopExecutor(EventLoop& loop) : loop_(loop) {}

  std::shared_ptr<Handle> add(Steppable& task) override {
    auto handle = std::make_shared<Entry>(loop_, task);
    handle->wake();
    return handle;
  }
  void await(WaitCondition& condition) override {
    FLINK_CHECK(condition.ready(), "a test's task waits inside its step");
  }
  void notify(WaitCondition& /*condition*/) override {}
  void runBlocking(std::function<void()> work) override { loop_.post(std::move(work)); }
  void stop() override {}

 private:
  class Entry final : public Handle, public std::enable_shared_from_this<Entry> {
   public:
    Entry(EventLoop& loop, Steppable& task) : loop_(loop), task_(task) {}
    void wake() override {
      if (over_ || std::exchange(queued_, true)) return;
      loop_.post([self = shared_from_this()] { self->step(); });
    }
    void remove() override { over_ = true; }

   private:
    void step() {
      queued_ = false;
      if (over_) return;
      const StepResult result = task_.step(std::chrono::milliseconds(1));
      if (result == StepResult::kDone) over_ = true;
      if (result == StepResult::kProgress) wake();
    }
    EventLoop& loop_;
    Steppable& task_;
    bool queued_ = false, over_ = false;
  };
  EventLoop& loop_;
};

}  // namespace flink::testing
