#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "core/base/executor.h"

namespace flink {
namespace {

class Flag final : public WaitCondition {
 public:
  [[nodiscard]] bool ready() const override { return set_.load(std::memory_order_acquire); }
  void set() { set_.store(true, std::memory_order_release); }
  void clear() { set_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> set_{false};
};

class LambdaTask final : public Steppable {
 public:
  explicit LambdaTask(std::function<StepResult()> step) : step_(std::move(step)) {}
  StepResult step(Duration /*budget*/) override { return step_(); }
  void onAwait(bool waiting) override { awaits_ += waiting ? 1 : 1000; }
  [[nodiscard]] std::string_view name() const override { return "lambda"; }
  [[nodiscard]] int awaits() const { return awaits_; }

 private:
  std::function<StepResult()> step_;
  std::atomic<int> awaits_{0};
};

class ExecutorWaitTest : public ::testing::Test {
 protected:
  std::unique_ptr<Executor> make(int threads, int spares = 64) {
    return makeThreadExecutor({.numThreads = threads, .maxSpareThreads = spares}, clock_);
  }
  SystemClock clock_;
};

TEST_F(ExecutorWaitTest, ParkedStepLetsTheOthersRun) {
  const auto executor = make(1);
  Flag flag;
  std::promise<void> parkedDone;
  LambdaTask parked([&] {
    executor->await(flag);
    parkedDone.set_value();
    return StepResult::kDone;
  });
  LambdaTask helper([&] {
    flag.set();
    executor->notify(flag);
    return StepResult::kDone;
  });
  const auto parkedHandle = executor->add(parked);
  const auto helperHandle = executor->add(helper);
  parkedDone.get_future().wait();
  parkedHandle->remove();
  helperHandle->remove();
  EXPECT_EQ(parked.awaits(), 1001);
}

TEST_F(ExecutorWaitTest, MoreParkedTasksThanSpareThreadsStillMakeProgress) {
  const auto executor = make(1, /*spares=*/2);
  constexpr int kTasks = 40;
  Flag flag;
  std::atomic<int> parkedNow{0};
  std::atomic<int> done{0};
  std::promise<void> allDone;
  std::vector<std::unique_ptr<LambdaTask>> tasks;
  std::vector<std::shared_ptr<Executor::Handle>> handles;
  for (int i = 0; i < kTasks; ++i) {
    tasks.push_back(std::make_unique<LambdaTask>([&] {
      if (++parkedNow == kTasks) {
        flag.set();
        executor->notify(flag);
      }
      executor->await(flag);
      if (++done == kTasks) allDone.set_value();
      return StepResult::kDone;
    }));
    handles.push_back(executor->add(*tasks.back()));
  }
  allDone.get_future().wait();
  for (const auto& handle : handles) handle->remove();
}

TEST_F(ExecutorWaitTest, NotifyIsNeverLost) {
  // A producer parks whenever the one-place buffer is full; the consumer empties it and notifies.
  const auto executor = make(2);
  constexpr int kItems = 20000;
  Flag empty;
  empty.set();
  std::atomic<int> consumed{0};
  std::promise<void> done;
  std::shared_ptr<Executor::Handle> consumerHandle;
  std::atomic<bool> full{false};
  LambdaTask consumer([&] {
    if (full.exchange(false)) {
      ++consumed;
      empty.set();
      executor->notify(empty);
    }
    if (consumed < kItems) return StepResult::kWaitingInput;
    done.set_value();
    return StepResult::kDone;
  });
  consumerHandle = executor->add(consumer);
  int produced = 0;
  LambdaTask producer([&] {
    for (int burst = 0; burst < 100; ++burst) {
      executor->await(empty);
      empty.clear();
      full = true;
      consumerHandle->wake();
      if (++produced == kItems) return StepResult::kDone;
    }
    return StepResult::kProgress;
  });
  const auto producerHandle = executor->add(producer);
  done.get_future().wait();
  producerHandle->remove();
  consumerHandle->remove();
  EXPECT_EQ(consumed, kItems);
}

TEST_F(ExecutorWaitTest, StuckStepGetsASpareThread) {
  const auto executor = make(1);
  std::promise<void> otherRan;
  std::promise<void> stuckDone;
  // Blocks in user code until the other task ran: without a spare thread both would hang.
  LambdaTask stuck([&] {
    otherRan.get_future().wait();
    stuckDone.set_value();
    return StepResult::kDone;
  });
  const auto stuckHandle = executor->add(stuck);
  LambdaTask other([&] {
    otherRan.set_value();
    return StepResult::kDone;
  });
  const auto otherHandle = executor->add(other);
  stuckDone.get_future().wait();
  stuckHandle->remove();
  otherHandle->remove();
}

TEST_F(ExecutorWaitTest, ThreadsThatNoExecutorOwnsMayWaitToo) {
  const auto executor = make(1);
  Flag flag;
  std::thread outside([&] { executor->await(flag); });
  flag.set();
  executor->notify(flag);
  outside.join();
}

}  // namespace
}  // namespace flink
