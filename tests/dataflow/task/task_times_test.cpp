#include "dataflow/task/task_times.h"

#include <gtest/gtest.h>

namespace flink::task {
namespace {

using namespace std::chrono_literals;

class ManualClock final : public Clock {
 public:
  [[nodiscard]] MonotonicTime now() const override { return now_; }
  [[nodiscard]] EpochMillis wallMillis() const override { return EpochMillis{0}; }
  void advance(Duration by) { now_ += by; }

 private:
  MonotonicTime now_{1h};
};

class TaskTimesTest : public ::testing::Test {
 protected:
  void spend(Activity activity, Duration time) {
    times_.enter(activity);
    clock_.advance(time);
  }
  ManualClock clock_;
  TaskTimes times_{clock_};
};

TEST_F(TaskTimesTest, AccumulatesPerActivityAndCountsThePresentOne) {
  clock_.advance(10s);  // before the task runs
  spend(Activity::kBusy, 300ms);
  spend(Activity::kIdle, 500ms);
  spend(Activity::kBusy, 100ms);
  spend(Activity::kSoftBackPressured, 60ms);
  EXPECT_TRUE(times_.isBackPressured());
  spend(Activity::kHardBackPressured, 40ms);
  EXPECT_EQ(times_.accumulatedMs(Activity::kBusy), 400);
  EXPECT_EQ(times_.accumulatedMs(Activity::kIdle), 500);
  EXPECT_EQ(times_.accumulatedBackPressuredMs(), 100);
  EXPECT_EQ(times_.longestMs(Activity::kBusy), 300);
  EXPECT_EQ(times_.longestMs(Activity::kHardBackPressured), 40);
  clock_.advance(60ms);
  EXPECT_EQ(times_.longestMs(Activity::kHardBackPressured), 100);
  spend(Activity::kNone, 1h);
  EXPECT_EQ(times_.accumulatedBackPressuredMs(), 160);
  EXPECT_EQ(times_.current(), Activity::kNone);
}

TEST_F(TaskTimesTest, RatesAddUpToAThousand) {
  spend(Activity::kBusy, 250ms);
  spend(Activity::kIdle, 250ms);
  spend(Activity::kSoftBackPressured, 500ms);
  EXPECT_NEAR(times_.msPerSecond(Activity::kIdle), 250, 1);
  EXPECT_NEAR(times_.backPressuredMsPerSecond(), 500, 1);
  EXPECT_NEAR(times_.busyMsPerSecond(), 250, 1);
}

TEST_F(TaskTimesTest, RatesForgetWhatIsOlderThanAMinute) {
  for (int i = 0; i < 12; ++i) {
    spend(Activity::kIdle, 5s);
    EXPECT_NEAR(times_.msPerSecond(Activity::kIdle), 1000, 1);
  }
  for (int i = 0; i < 6; ++i) {
    spend(Activity::kBusy, 5s);
    (void)times_.busyMsPerSecond();
  }
  EXPECT_NEAR(times_.busyMsPerSecond(), 500, 50);
  for (int i = 0; i < 8; ++i) {
    spend(Activity::kBusy, 5s);
    (void)times_.busyMsPerSecond();
  }
  EXPECT_NEAR(times_.busyMsPerSecond(), 1000, 1);
}

TEST_F(TaskTimesTest, LongWaitCountsWhileItLasts) {
  spend(Activity::kBusy, 1s);
  times_.enter(Activity::kHardBackPressured);
  clock_.advance(9s);
  EXPECT_NEAR(times_.backPressuredMsPerSecond(), 900, 1);
}

}  // namespace
}  // namespace flink::task
