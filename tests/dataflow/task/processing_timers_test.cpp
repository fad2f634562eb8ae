#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/executor.h"
#include "dataflow/task/processing_timers.h"

namespace flink::task {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

/// A clock that stands still until it is moved.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] MonotonicTime now() const override {
    return MonotonicTime(std::chrono::milliseconds(wallMs_));
  }
  [[nodiscard]] EpochMillis wallMillis() const override { return EpochMillis{wallMs_}; }
  std::int64_t wallMs_ = 1000;
};

/// Remembers what was scheduled.
class ManualLoop final : public EventLoop {
 public:
  struct Timer {
    Duration after;
    std::function<void()> fn;
  };
  void post(std::function<void()> fn) override { fn(); }
  TimerId schedule(Duration after, std::function<void()> fn) override {
    timers.emplace(++last, Timer{after, std::move(fn)});
    return static_cast<TimerId>(last);
  }
  void cancel(TimerId timer) override { timers.erase(static_cast<std::uint64_t>(timer)); }
  [[nodiscard]] bool inLoop() const override { return true; }
  void stop() override {}
  std::map<std::uint64_t, Timer> timers;
  std::uint64_t last = 0;
};

class ProcessingTimersTest : public ::testing::Test {
 protected:
  operators::ProcessingTimeService::Callback note() {
    return [this](types::Timestamp time) { fired_.emplace_back(time, clock_.wallMs_); };
  }
  void physicalFires() {
    ASSERT_EQ(loop_.timers.size(), 1U);
    const auto fn = loop_.timers.begin()->second.fn;
    loop_.timers.clear();
    fn();
  }
  ManualClock clock_;
  ManualLoop loop_;
  int wakes_ = 0;
  std::vector<std::pair<types::Timestamp, std::int64_t>> fired_;
  ProcessingTimers timers_{clock_, &loop_, [this] { ++wakes_; }};
};

TEST_F(ProcessingTimersTest, FireInOrderOnceTheClockHasPassedThem) {
  timers_.registerTimer(1010, note());
  timers_.registerTimer(1005, note());
  timers_.registerTimer(1005, note());
  clock_.wallMs_ = 1005;
  EXPECT_TRUE(timers_.runDue(10));
  EXPECT_TRUE(fired_.empty()) << "the clock must have passed 1005";
  clock_.wallMs_ = 1011;
  EXPECT_TRUE(timers_.runDue(10));
  EXPECT_THAT(fired_, ElementsAre(Pair(1005, 1011), Pair(1005, 1011), Pair(1010, 1011)));
}

TEST_F(ProcessingTimersTest, OnePhysicalTimerForTheEarliest) {
  timers_.registerTimer(1100, note());
  timers_.registerTimer(1050, note());
  timers_.registerTimer(1200, note());
  ASSERT_EQ(loop_.timers.size(), 1U);
  EXPECT_EQ(loop_.timers.begin()->second.after, std::chrono::milliseconds(51));
  clock_.wallMs_ = 1051;
  physicalFires();
  EXPECT_EQ(wakes_, 1);
  EXPECT_TRUE(timers_.runDue(10));
  ASSERT_EQ(loop_.timers.size(), 1U);
  EXPECT_EQ(loop_.timers.begin()->second.after, std::chrono::milliseconds(50));
}

TEST_F(ProcessingTimersTest, ClockThatGoesBackLosesNoTimer) {
  timers_.registerTimer(1050, note());
  clock_.wallMs_ = 900;
  physicalFires();
  EXPECT_TRUE(timers_.runDue(10));
  EXPECT_TRUE(fired_.empty());
  ASSERT_EQ(loop_.timers.size(), 1U);
  clock_.wallMs_ = 1051;
  physicalFires();
  EXPECT_TRUE(timers_.runDue(10));
  EXPECT_EQ(fired_.size(), 1U);
}

TEST_F(ProcessingTimersTest, CancelledTimersDoNotFire) {
  const auto id = timers_.registerTimer(1001, note());
  timers_.registerTimer(1002, note());
  timers_.cancel(id);
  timers_.cancel(id);
  clock_.wallMs_ = 2000;
  EXPECT_TRUE(timers_.runDue(10));
  EXPECT_THAT(fired_, ElementsAre(Pair(1002, 2000)));
}

TEST_F(ProcessingTimersTest, WorkIsBoundedPerCall) {
  for (int i = 0; i < 5; ++i) timers_.registerTimer(1001, note());
  clock_.wallMs_ = 2000;
  EXPECT_FALSE(timers_.runDue(2));
  EXPECT_EQ(fired_.size(), 2U);
  EXPECT_TRUE(timers_.runDue(3));
}

TEST_F(ProcessingTimersTest, CallbackMayRegisterAnotherThatIsDueAlready) {
  timers_.registerTimer(1001, [this](types::Timestamp) { timers_.registerTimer(500, note()); });
  clock_.wallMs_ = 2000;
  EXPECT_TRUE(timers_.runDue(10));
  EXPECT_THAT(fired_, ElementsAre(Pair(500, 2000)));
}

TEST_F(ProcessingTimersTest, ClosedTakesNoMore) {
  timers_.registerTimer(1001, note());
  timers_.close();
  EXPECT_TRUE(loop_.timers.empty());
  timers_.registerTimer(1001, note());
  clock_.wallMs_ = 2000;
  EXPECT_TRUE(timers_.runDue(10));
  EXPECT_TRUE(fired_.empty());
}

}  // namespace
}  // namespace flink::task
