#include "core/base/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace flink {
namespace {

using namespace std::chrono_literals;

/// A task whose step is a lambda.
class LambdaTask final : public Steppable {
 public:
  explicit LambdaTask(std::function<StepResult()> step) : step_(std::move(step)) {}
  StepResult step(Duration /*budget*/) override { return step_(); }
  [[nodiscard]] std::string_view name() const override { return "lambda"; }

 private:
  std::function<StepResult()> step_;
};

class ExecutorTest : public ::testing::Test {
 protected:
  std::unique_ptr<Executor> make(int threads) {
    return makeThreadExecutor({.numThreads = threads}, clock_);
  }
  SystemClock clock_;
};

TEST_F(ExecutorTest, StepsUntilDone) {
  const auto executor = make(2);
  int steps = 0;
  std::promise<void> done;
  LambdaTask task([&] {
    if (++steps < 1000) return StepResult::kProgress;
    done.set_value();
    return StepResult::kDone;
  });
  const auto handle = executor->add(task);
  done.get_future().wait();
  handle->remove();
  EXPECT_EQ(steps, 1000);
  handle->wake();  // nothing happens any more
  EXPECT_EQ(steps, 1000);
}

TEST_F(ExecutorTest, WaitingTaskStepsAgainOnlyAfterWake) {
  const auto executor = make(1);
  std::atomic<int> steps{0};
  std::promise<void> first, second;
  LambdaTask task([&] {
    const int n = ++steps;
    if (n == 1) first.set_value();
    if (n == 2) second.set_value();
    return StepResult::kWaitingInput;
  });
  const auto handle = executor->add(task);
  first.get_future().wait();
  // Another task that comes and goes proves that the single thread had the chance to step the
  // waiting one.
  std::promise<void> other;
  LambdaTask otherTask([&] {
    other.set_value();
    return StepResult::kDone;
  });
  executor->add(otherTask)->remove();
  EXPECT_EQ(steps.load(), 1);
  handle->wake();
  second.get_future().wait();
  handle->remove();
  EXPECT_EQ(steps.load(), 2);
}

TEST_F(ExecutorTest, WakeDuringStepIsNotLost) {
  const auto executor = make(2);
  // Producers add work and wake; the task takes what is there and waits. No work may be left over.
  constexpr int kPerProducer = 20000;
  constexpr int kProducers = 3;
  std::atomic<int> available{0};
  int taken = 0;
  std::promise<void> done;
  LambdaTask task([&] {
    taken += available.exchange(0);
    if (taken < kPerProducer * kProducers) return StepResult::kWaitingInput;
    done.set_value();
    return StepResult::kDone;
  });
  const auto handle = executor->add(task);
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&] {
      for (int i = 0; i < kPerProducer; ++i) {
        available.fetch_add(1);
        handle->wake();
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  done.get_future().wait();
  handle->remove();
  EXPECT_EQ(taken, kPerProducer * kProducers);
}

TEST_F(ExecutorTest, OneStepAtATimePerTask) {
  const auto executor = make(4);
  std::atomic<int> inside{0};
  std::atomic<bool> overlapped{false};
  std::atomic<int> steps{0};
  std::promise<void> done;
  LambdaTask task([&] {
    if (inside.fetch_add(1) != 0) overlapped = true;
    const int n = ++steps;
    inside.fetch_sub(1);
    if (n >= 5000) {
      if (n == 5000) done.set_value();
      return StepResult::kDone;
    }
    return n % 2 == 0 ? StepResult::kProgress : StepResult::kWaitingOutput;
  });
  const auto handle = executor->add(task);
  std::atomic<bool> stop{false};
  std::vector<std::thread> wakers;
  for (int i = 0; i < 3; ++i) {
    wakers.emplace_back([&] {
      while (!stop) handle->wake();
    });
  }
  done.get_future().wait();
  stop = true;
  for (std::thread& waker : wakers) waker.join();
  handle->remove();
  EXPECT_FALSE(overlapped);
}

TEST_F(ExecutorTest, TasksShareThreadsFairly) {
  const auto executor = make(1);
  std::vector<int> order;
  std::promise<void> done;
  std::vector<std::unique_ptr<LambdaTask>> tasks;
  std::vector<std::shared_ptr<Executor::Handle>> handles;
  std::promise<void> open;
  LambdaTask gate([&] {
    open.get_future().wait();
    return StepResult::kDone;
  });
  const auto gateHandle = executor->add(gate);
  for (int id = 0; id < 3; ++id) {
    tasks.push_back(std::make_unique<LambdaTask>([&, id, left = 3]() mutable {
      order.push_back(id);
      if (--left > 0) return StepResult::kProgress;
      if (id == 2) done.set_value();
      return StepResult::kDone;
    }));
    handles.push_back(executor->add(*tasks.back()));
  }
  open.set_value();
  done.get_future().wait();
  for (const auto& handle : handles) handle->remove();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 0, 1, 2, 0, 1, 2}));
}

TEST_F(ExecutorTest, RemoveWaitsForTheRunningStep) {
  const auto executor = make(2);
  std::promise<void> entered, leave;
  std::atomic<bool> left{false};
  auto task = std::make_unique<LambdaTask>([&] {
    entered.set_value();
    leave.get_future().wait();
    left = true;
    return StepResult::kWaitingInput;
  });
  const auto handle = executor->add(*task);
  entered.get_future().wait();
  std::thread remover([&] {
    handle->remove();
    EXPECT_TRUE(left);
    task.reset();
  });
  leave.set_value();
  remover.join();
  handle->wake();
  handle->remove();
}

TEST_F(ExecutorTest, RemoveOfQueuedAndWaitingTasks) {
  const auto executor = make(2);
  for (int round = 0; round < 300; ++round) {
    std::atomic<int> steps{0};
    LambdaTask task([&] {
      ++steps;
      return StepResult::kWaitingInput;
    });
    const auto handle = executor->add(task);
    handle->wake();
    handle->remove();
    const int seen = steps;
    handle->wake();
    EXPECT_EQ(steps, seen);
  }
}

TEST_F(ExecutorTest, StopEndsWithTasksLeft) {
  std::shared_ptr<Executor::Handle> handle;
  LambdaTask task([] { return StepResult::kProgress; });
  {
    const auto executor = make(2);
    handle = executor->add(task);
  }
  handle->wake();
  handle->remove();
}

TEST_F(ExecutorTest, BlockingWorkRunsBesideTheTasks) {
  const auto executor = make(1);
  std::atomic<int> ran{0};
  std::promise<void> done;
  for (int i = 0; i < 100; ++i) {
    executor->runBlocking([&] {
      if (++ran == 100) done.set_value();
    });
  }
  done.get_future().wait();
  EXPECT_EQ(ran, 100);
}

TEST_F(ExecutorTest, StopWaitsForBlockingWorkThatRuns) {
  std::promise<void> entered, leave;
  std::atomic<bool> finished{false};
  const auto executor = make(1);
  executor->runBlocking([&] {
    entered.set_value();
    leave.get_future().wait();
    finished = true;
  });
  entered.get_future().wait();
  std::thread stopper([&] {
    executor->stop();
    EXPECT_TRUE(finished);
  });
  leave.set_value();
  stopper.join();
  executor->runBlocking([] { FAIL() << "runs after stop"; });
}

}  // namespace
}  // namespace flink
