#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "dataflow/task/crash_context.h"
#include "task_fixture.h"

namespace flink::task {
namespace {

using ::testing::ElementsAre;
using Poll = operators::SourceOperatorBase::Poll;

class SubtaskTest : public TaskFixture {};

TEST_F(SubtaskTest, ChainOfSourceMapAndSinkRunsToItsEnd) {
  countTo(1, 10000);
  program_.script(2).map = [](Number n, const Script::Emit& emit) { emit(2 * n); };
  Number sum = 0;
  program_.script(3).map = [&](Number n, const Script::Emit&) { sum += n; };
  Task& task = make(spec({node(1, {2}), node(2, {3}), node(3)}));
  task.start();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
  EXPECT_EQ(sum, 10000LL * 9999);
  EXPECT_THAT(listener_.waitFor(task, TaskState::kFinished).states,
              ElementsAre(TaskState::kDeploying, TaskState::kInitializing, TaskState::kRunning,
                          TaskState::kFinished));
}

TEST_F(SubtaskTest, RecordsCrossTasksUnderBackPressure) {
  constexpr Number kRecords = 200000;  // far more than the channels hold
  countTo(1, kRecords);
  TaskSpec producer = spec({node(1)});
  addOutput(producer, 1, 2);
  std::vector<Number> seen;
  program_.script(2).map = [&](Number n, const Script::Emit&) { seen.push_back(n); };
  TaskSpec consumer = spec({node(2)});
  addInput(consumer, 1, 2);
  Task& from = make(std::move(producer));
  Task& to = make(std::move(consumer));
  to.start();
  from.start();
  EXPECT_EQ(listener_.waitForEnd(from), TaskState::kFinished);
  EXPECT_EQ(listener_.waitForEnd(to), TaskState::kFinished);
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(kRecords));
  for (Number n = 0; n < kRecords; ++n) ASSERT_EQ(seen[static_cast<std::size_t>(n)], n);
  EXPECT_EQ(from.figures().recordsOut, kRecords);
  // The records, and the end of event time behind them.
  constexpr auto kBytes = kRecords * kNumberBytes + operators::wire::kMaxElementBytes;
  EXPECT_EQ(from.figures().bytesOut, kBytes);
  EXPECT_EQ(to.figures().recordsIn, kRecords);
  EXPECT_EQ(to.figures().bytesIn, kBytes);
}

TEST_F(SubtaskTest, OneRecordMayEmitMoreThanAllBuffersHold) {
  constexpr Number kEach = 100000;
  constexpr int kPairs = 6;  // more emitting tasks than threads
  std::atomic<Number> received{0};
  for (int p = 0; p < kPairs; ++p) {
    const int from = 10 + 2 * p, to = from + 1;
    program_.script(from).map = [](Number, const Script::Emit& emit) {
      for (Number n = 0; n < kEach; ++n) emit(n);
    };
    program_.script(to).map = [&](Number, const Script::Emit&) { ++received; };
    TaskSpec producer = spec({node(from)});
    addInput(producer, 1, from);
    addOutput(producer, from, to);
    TaskSpec consumer = spec({node(to)});
    addInput(consumer, from, to);
    feed(1, from, {7});
    endFeed(1, from);
    make(std::move(producer));
    make(std::move(consumer));
  }
  for (const auto& task : tasks_) task->start();
  for (const auto& task : tasks_) EXPECT_EQ(listener_.waitForEnd(*task), TaskState::kFinished);
  EXPECT_EQ(received, kPairs * kEach);
  std::int64_t backPressured = 0;
  for (const auto& task : tasks_) backPressured += task->figures().accumulatedBackPressuredMs;
  EXPECT_GT(backPressured, 0);
}

TEST_F(SubtaskTest, IdleTaskFlushesAtOnce) {
  TaskSpec relay = spec({node(2)});
  addInput(relay, 1, 2);
  addOutput(relay, 2, 3);
  relay.bufferTimeoutMs = 1'000'000;  // only idleness can be the reason
  program_.script(2);
  std::atomic<Number> seen{0};
  program_.script(3).map = [&](Number n, const Script::Emit&) { seen = n; };
  TaskSpec sink = spec({node(3)});
  addInput(sink, 2, 3);
  Task& first = make(std::move(relay));
  Task& last = make(std::move(sink));
  first.start();
  last.start();
  for (Number n = 1; n <= 50; ++n) {
    feed(1, 2, {n});
    while (seen != n) std::this_thread::yield();
  }
  endFeed(1, 2);
  EXPECT_EQ(listener_.waitForEnd(last), TaskState::kFinished);
}

TEST_F(SubtaskTest, BusyTaskFlushesAfterTheBufferTimeout) {
  // A source that never runs dry and emits one record: it arrives although no buffer gets full.
  bool emitted = false;
  program_.script(1).poll = [&](std::size_t, const Script::Emit& emit) {
    if (!std::exchange(emitted, true)) emit(42);
    return Poll::kMore;
  };
  TaskSpec source = spec({node(1)});
  addOutput(source, 1, 2);
  source.bufferTimeoutMs = 5;
  std::atomic<Number> seen{0};
  program_.script(2).map = [&](Number n, const Script::Emit&) { seen = n; };
  TaskSpec sink = spec({node(2)});
  addInput(sink, 1, 2);
  Task& from = make(std::move(source));
  Task& to = make(std::move(sink));
  from.start();
  to.start();
  while (seen != 42) std::this_thread::yield();
  to.cancel();  // the consumer first: it would see its producer's end as a failure
  EXPECT_EQ(listener_.waitForEnd(to), TaskState::kCanceled);
  from.cancel();
  EXPECT_EQ(listener_.waitForEnd(from), TaskState::kCanceled);
}

TEST_F(SubtaskTest, SourceSleepsUntilItIsWoken) {
  std::atomic<int> polls{0};
  std::atomic<Number> available{0};
  std::function<void()> wake;
  Number emitted = 0;
  program_.script(1).open = [&](operators::OperatorContext& context) { wake = context.wake; };
  program_.script(1).poll = [&](std::size_t, const Script::Emit& emit) {
    ++polls;
    while (emitted < available) emit(emitted++);
    return emitted < 100 ? Poll::kNothingNow : Poll::kEnd;
  };
  std::atomic<Number> seen{0};
  program_.script(2).map = [&](Number, const Script::Emit&) { ++seen; };
  Task& task = make(spec({node(1, {2}), node(2)}));
  task.start();
  listener_.waitFor(task, TaskState::kRunning);
  for (Number n = 1; n <= 100; ++n) {
    available = n;
    wake();
    while (seen < n) std::this_thread::yield();
  }
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
  EXPECT_LE(polls, 100 * 3 + 3);  // nobody polled in between
}

TEST_F(SubtaskTest, UnionAndTwoInputsEndSeparately) {
  std::vector<int> ended;
  std::vector<Number> seen;
  program_.script(5).numInputs = 2;
  program_.script(5).map = [&](Number n, const Script::Emit&) { seen.push_back(n); };
  program_.script(5).endInput = [&](int input) { ended.push_back(input); };
  TaskSpec joined = spec({node(5)});
  addInput(joined, 1, 5, 0);
  addInput(joined, 2, 5, 0);
  addInput(joined, 3, 5, 1, /*producers=*/2);
  Task& task = make(std::move(joined));
  task.start();
  feed(1, 5, {1});
  feed(3, 5, {3}, 1);
  endFeed(1, 5);
  endFeed(3, 5, 0);
  endFeed(3, 5, 1);
  feed(2, 5, {2});
  endFeed(2, 5);
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
  EXPECT_THAT(seen, ::testing::UnorderedElementsAre(1, 2, 3));
  EXPECT_THAT(ended, ::testing::UnorderedElementsAre(0, 1));
}

TEST_F(SubtaskTest, FinishEmitsTheRestInTurnsAlongTheChain) {
  countTo(1, 3);
  std::vector<std::string> log;
  int left = 5;
  program_.script(2).map = [](Number, const Script::Emit&) {};
  program_.script(2).endInput = [&](int) { log.push_back("end2"); };
  program_.script(2).finish = [&](std::size_t, const Script::Emit& emit) {
    emit(left);
    return --left == 0;
  };
  program_.script(3).map = [&](Number n, const Script::Emit&) {
    log.push_back("got" + std::to_string(n));
  };
  program_.script(3).endInput = [&](int) { log.push_back("end3"); };
  program_.script(2).close = [&] { log.push_back("close2"); };
  program_.script(3).close = [&] { log.push_back("close3"); };
  Task& task = make(spec({node(1, {2}), node(2, {3}), node(3)}));
  task.start();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
  EXPECT_THAT(
      log, ElementsAre("end2", "got5", "got4", "got3", "got2", "got1", "end3", "close2", "close3"));
}

TEST_F(SubtaskTest, CoordinatorMessagesGoBothWays) {
  std::vector<std::string> events;
  operators::OperatorEventGateway* gateway = nullptr;
  program_.script(1).open = [&](operators::OperatorContext& context) {
    gateway = context.coordinator;
    gateway->sendToCoordinator("register");
  };
  program_.script(1).handleEvent = [&](std::string_view payload) { events.emplace_back(payload); };
  program_.script(1).poll = [&](std::size_t, const Script::Emit&) {
    return events.size() == 3 ? Poll::kEnd : Poll::kNothingNow;
  };
  TaskSpec source = spec({node(1)});
  source.chain[0].hasCoordinator = true;
  Task& task = make(std::move(source));
  task.deliverEvent(operatorId(1), "early");
  task.start();
  EXPECT_THAT(listener_.waitForEvents(1), ElementsAre("register"));
  task.deliverEvent(operatorId(9), "for another operator");
  task.deliverEvent(operatorId(1), "second");
  task.deliverEvent(operatorId(1), "third");
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
  EXPECT_THAT(events, ElementsAre("early", "second", "third"));
}

TEST_F(SubtaskTest, CollectedRecordsWaitForRoom) {
  countTo(1, 5);
  std::function<bool(const std::string&, std::vector<std::string>&)> collect;
  program_.script(2).open = [&](operators::OperatorContext& context) { collect = context.collect; };
  program_.script(2).map = [&](Number n, const Script::Emit&) {
    std::vector<std::string> records{std::to_string(n)};
    EXPECT_TRUE(collect("c", records));
    EXPECT_TRUE(records.empty());
  };
  Task& task = make(spec({node(1, {2}), node(2)}));
  task.start();
  EXPECT_EQ(listener_.waitForCollected(2).size(),
            2U);  // two bundles are under way, the third waits
  listener_.giveRoom();
  EXPECT_EQ(listener_.waitForCollected(4).size(), 4U);
  listener_.giveRoom();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
  EXPECT_THAT(listener_.waitForCollected(5), ElementsAre("0", "1", "2", "3", "4"));
}

TEST_F(SubtaskTest, AccumulatorsAreReportedAtTheEnd) {
  countTo(1, 1);
  std::function<void(const std::string&, std::string)> set;
  program_.script(1).open = [&](operators::OperatorContext& context) {
    set = context.setAccumulator;
  };
  program_.script(1).close = [&] { set("count", "long:1"); };
  Task& task = make(spec({node(1)}));
  task.start();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
  EXPECT_THAT(listener_.waitFor(task, TaskState::kFinished).accumulators,
              ElementsAre(std::pair("count", "long:1")));
}

TEST_F(SubtaskTest, EqualAccumulatorNamesOfOneChainAddUp) {
  countTo(1, 1);
  program_.script(2).map = [](Number, const Script::Emit&) {};
  std::map<int, std::function<void(const std::string&, std::string)>> set;
  for (const int n : {1, 2}) {
    program_.script(n).open = [&set, n](operators::OperatorContext& context) {
      set[n] = context.setAccumulator;
    };
    program_.script(n).close = [&set, n] {
      set[n]("count", std::to_string(20 * n));
      set[n](n == 1 ? "first" : "second", "1.5");
    };
  }
  Task& task = make(spec({node(1, {2}), node(2)}));
  task.start();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFinished);
  EXPECT_THAT(
      listener_.waitFor(task, TaskState::kFinished).accumulators,
      ElementsAre(std::pair("count", "60"), std::pair("first", "1.5"), std::pair("second", "1.5")));
}

TEST_F(SubtaskTest, ContextSaysWhereTheOperatorRuns) {
  countTo(1, 1);
  TaskSpec one = spec({node(1)});
  one.attempt.subtask = 3;
  one.attempt.attempt = 2;
  one.parallelism = 8;
  std::string task, op;
  program_.script(1).open = [&](operators::OperatorContext& context) {
    EXPECT_EQ(context.subtaskIndex, 3);
    EXPECT_EQ(context.attemptNumber, 2);
    EXPECT_EQ(context.parallelism, 8);
    EXPECT_EQ(context.operatorName, "op1");
    EXPECT_EQ(context.metrics->variables().at("operator_name"), "op1");
    EXPECT_EQ(context.metrics->variables().at("subtask_index"), "3");
    EXPECT_EQ(context.metrics->variables().at("task_attempt_num"), "2");
    EXPECT_FALSE(context.cancelled());
    task = crashContext().task;
    op = crashContext().op;
  };
  Task& run = make(std::move(one));
  run.start();
  EXPECT_EQ(listener_.waitForEnd(run), TaskState::kFinished);
  EXPECT_EQ(task, "task1 (4/8)#2");
  EXPECT_EQ(op, "op1");
  EXPECT_EQ(crashContext().task, nullptr);
}

}  // namespace
}  // namespace flink::task
