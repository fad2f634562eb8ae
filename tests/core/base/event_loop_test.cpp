#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "core/base/executor.h"

namespace flink {
namespace {

using namespace std::chrono_literals;

class EventLoopTest : public ::testing::Test {
 protected:
  SystemClock clock_;
};

TEST_F(EventLoopTest, RunsPostedFunctionsInOrder) {
  const auto loop = makeThreadEventLoop("test", clock_);
  std::vector<int> order;
  std::promise<void> done;
  for (int i = 0; i < 100; ++i) loop->post([&order, i] { order.push_back(i); });
  loop->post([&] { done.set_value(); });
  done.get_future().wait();
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_F(EventLoopTest, OneThreadRunsEverything) {
  const auto loop = makeThreadEventLoop("test", clock_);
  int counter = 0;  // not atomic: the sanitizer would complain about two threads
  std::promise<void> done;
  std::vector<std::thread> posters;
  for (int p = 0; p < 4; ++p) {
    posters.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        loop->post([&] {
          EXPECT_TRUE(loop->inLoop());
          if (++counter == 4000) done.set_value();
        });
      }
    });
  }
  for (std::thread& poster : posters) poster.join();
  done.get_future().wait();
  EXPECT_FALSE(loop->inLoop());
}

TEST_F(EventLoopTest, TimersRunInTheOrderOfTheirTime) {
  const auto loop = makeThreadEventLoop("test", clock_);
  std::vector<int> order;
  std::promise<void> done;
  loop->schedule(30ms, [&] {
    order.push_back(3);
    done.set_value();
  });
  loop->schedule(10ms, [&] { order.push_back(1); });
  loop->schedule(20ms, [&] { order.push_back(2); });
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(EventLoopTest, TimerIsNotEarly) {
  const auto loop = makeThreadEventLoop("test", clock_);
  std::promise<MonotonicTime> ran;
  const MonotonicTime before = clock_.now();
  loop->schedule(15ms, [&] { ran.set_value(clock_.now()); });
  EXPECT_GE(ran.get_future().get() - before, 15ms);
}

TEST_F(EventLoopTest, CancelledTimerDoesNotRun) {
  const auto loop = makeThreadEventLoop("test", clock_);
  std::atomic<bool> ran{false};
  std::promise<void> done;
  loop->post([&] {  // inside the loop nothing can run in between
    const auto timer = loop->schedule(0ms, [&] { ran = true; });
    loop->cancel(timer);
    loop->cancel(timer);
    loop->schedule(1ms, [&] { done.set_value(); });
  });
  done.get_future().wait();
  EXPECT_FALSE(ran);
}

TEST_F(EventLoopTest, StopDropsWhatIsQueuedAndWaitsForWhatRuns) {
  auto loop = makeThreadEventLoop("test", clock_);
  std::promise<void> entered, leave;
  std::atomic<bool> left{false};
  auto dropped = std::make_shared<int>(0);
  loop->post([&] {
    entered.set_value();
    leave.get_future().wait();
    left = true;
  });
  loop->post([dropped] { FAIL() << "ran after stop"; });
  entered.get_future().wait();
  std::thread stopper([&] {
    loop->stop();
    EXPECT_TRUE(left);
  });
  // The function ends only after stop() has begun: posting is refused from then on.
  auto probe = std::make_shared<int>(0);
  while (true) {
    loop->post([probe] {});
    if (probe.use_count() == 1) break;
    probe = std::make_shared<int>(0);
    std::this_thread::yield();
  }
  leave.set_value();
  stopper.join();
  EXPECT_EQ(dropped.use_count(), 1);
  EXPECT_EQ(loop->schedule(0ms, [] {}), EventLoop::TimerId::kNone);
}

TEST_F(EventLoopTest, StopFromInsideEndsAfterTheRunningFunction) {
  auto loop = makeThreadEventLoop("test", clock_);
  std::promise<void> done;
  loop->post([&] {
    loop->stop();
    done.set_value();
  });
  done.get_future().wait();
  loop.reset();
}

}  // namespace
}  // namespace flink
