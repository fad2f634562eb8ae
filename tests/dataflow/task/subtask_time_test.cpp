// Event time and processing time inside a running task.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "task_fixture.h"

namespace flink::task {
namespace {

using ::testing::ElementsAre;
using types::StreamElement;
using Kind = StreamElement::Kind;
using Poll = operators::SourceOperatorBase::Poll;

class SubtaskTimeTest : public TaskFixture {
 protected:
  static StreamElement watermark(types::Timestamp time) { return {Kind::kWatermark, time}; }
  /// What operator 2 sees, in order: records as numbers, watermarks as their negation.
  void record(int streamNode) {
    program_.script(streamNode).map = [this](Number n, const Script::Emit& emit) {
      seen_.push_back(n);
      emit(n);
    };
    program_.script(streamNode).watermark = [this](types::Timestamp t) { seen_.push_back(-t); };
  }
  std::vector<std::int64_t> seen_;
};

TEST_F(SubtaskTimeTest, WatermarksKeepTheirPlaceAmongTheRecords) {
  record(2);
  TaskSpec consumer = spec({node(2)});
  addInput(consumer, 1, 2);
  Task& task = make(std::move(consumer));
  feed(1, 2, {1, 2});
  feedElement(1, 2, watermark(10));
  feed(1, 2, {3});
  feedElement(1, 2, watermark(20));
  feedElement(1, 2, watermark(20));
  endFeed(1, 2);
  task.start();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
  EXPECT_THAT(seen_, ElementsAre(1, 2, -10, 3, -20));
}

TEST_F(SubtaskTimeTest, UnionWaitsForItsSlowestChannel) {
  record(2);
  TaskSpec consumer = spec({node(2)});
  addInput(consumer, 1, 2);
  addInput(consumer, 3, 2);  // a second edge into the same input
  Task& task = make(std::move(consumer));
  feedElement(1, 2, watermark(30));
  feedElement(3, 2, watermark(10));
  feedElement(3, 2, {Kind::kIdle, 0});
  endFeed(1, 2);
  endFeed(3, 2);
  task.start();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
  EXPECT_THAT(seen_, ElementsAre(-10, -30));
}

TEST_F(SubtaskTimeTest, NoRecordOvertakesWorkThatEventTimeMadeDue) {
  record(2);
  int left = 0;
  program_.script(2).watermark = [&](types::Timestamp) { left = 5; };
  program_.script(2).advance = [&](std::size_t, const Script::Emit&) {
    if (left == 0) return true;
    seen_.push_back(-left);
    return --left == 0;
  };
  TaskSpec consumer = spec({node(2)});
  addInput(consumer, 1, 2);
  Task& task = make(std::move(consumer));
  feedElement(1, 2, watermark(10));
  feed(1, 2, {7});
  endFeed(1, 2);
  task.start();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
  EXPECT_THAT(seen_, ElementsAre(-5, -4, -3, -2, -1, 7));
}

TEST_F(SubtaskTimeTest, EndOfASourceIsTheEndOfEventTimeInTheWholeChainAndBehindIt) {
  countTo(1, 3);
  record(2);
  TaskSpec producer = spec({node(1, {2}), node(2)});
  addOutput(producer, 2, 3);
  std::vector<types::Timestamp> behind;
  program_.script(3).watermark = [&](types::Timestamp t) { behind.push_back(t); };
  TaskSpec consumer = spec({node(3)});
  addInput(consumer, 2, 3);
  Task& from = make(std::move(producer));
  Task& to = make(std::move(consumer));
  to.start();
  from.start();
  EXPECT_EQ(listener_.waitForEnd(from), TaskState::kFinished);
  EXPECT_EQ(listener_.waitForEnd(to), TaskState::kFinished);
  EXPECT_THAT(seen_, ElementsAre(0, 1, 2, -types::kMaxWatermark));
  EXPECT_THAT(behind, ElementsAre(types::kMaxWatermark));
}

TEST_F(SubtaskTimeTest, ProcessingTimersWakeATaskThatWaitsForInput) {
  std::vector<types::Timestamp> fired;
  program_.script(2).open = [&](operators::OperatorContext& context) {
    const types::Timestamp now = context.processingTime->now();
    for (const types::Timestamp at : {now + 2, now - 5, now}) {
      context.processingTime->registerTimer(at, [&, now, at](types::Timestamp time) {
        EXPECT_EQ(time, at);
        EXPECT_GT(context.processingTime->now(), at);
        fired.push_back(at - now);
        if (fired.size() == 3) endFeed(1, 2);
      });
    }
  };
  TaskSpec consumer = spec({node(2)});
  addInput(consumer, 1, 2);
  Task& task = make(std::move(consumer));
  task.start();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
  EXPECT_THAT(fired, ElementsAre(-5, 0, 2));
}

TEST_F(SubtaskTimeTest, CancelledTaskRunsNoMoreTimers) {
  std::atomic<bool> opened{false};
  program_.script(2).open = [&](operators::OperatorContext& context) {
    context.processingTime->registerTimer(context.processingTime->now() + 3600000,
                                          [](types::Timestamp) { FAIL(); });
    opened = true;
    opened.notify_all();
  };
  TaskSpec consumer = spec({node(2)});
  addInput(consumer, 1, 2);
  Task& task = make(std::move(consumer));
  task.start();
  opened.wait(false);
  task.cancel();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kCanceled);
}

}  // namespace
}  // namespace flink::task
