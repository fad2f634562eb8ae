#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

#include "dataflow/operators/interruption.h"
#include "dataflow/operators/operator_failure.h"
#include "task_fixture.h"

namespace flink::task {
namespace {

using ::testing::HasSubstr;
using Poll = operators::SourceOperatorBase::Poll;

class SubtaskEndTest : public TaskFixture {
 protected:
  Status failureOf(Task& task) {
    EXPECT_EQ(listener_.waitForEnd(task), TaskState::kFailed);
    return *listener_.waitFor(task, TaskState::kFailed).failure;
  }
};

TEST_F(SubtaskEndTest, UserExceptionNamesTheOperator) {
  countTo(1, 10);
  program_.script(1).poll = [](std::size_t, const Script::Emit&) -> Poll {
    throw std::runtime_error("boom");
  };
  int closed = 0;
  program_.script(1).close = [&] { ++closed; };
  Task& task = make(spec({node(1)}));
  task.start();
  const Status failure = failureOf(task);
  EXPECT_EQ(failure.code(), ErrorCode::kUserCodeFailed);
  EXPECT_EQ(failure.message(),
            "user code threw an exception: operator=op1 exception=std::runtime_error: boom");
  EXPECT_EQ(closed, 1);
}

TEST_F(SubtaskEndTest, OperatorsOwnFailureIsNotUserCode) {
  countTo(1, 10);
  program_.script(1).poll = [](std::size_t, const Script::Emit&) -> Poll {
    operators::throwIfError(Status(ErrorCode::kFileIo, "cannot write: path=/full")
                                .causedBy(Status(ErrorCode::kInternal, "below")));
    return Poll::kEnd;
  };
  Task& task = make(spec({node(1)}));
  task.start();
  const Status failure = failureOf(task);
  EXPECT_EQ(failure.code(), ErrorCode::kFileIo);
  EXPECT_EQ(failure.message(), "cannot write: path=/full operator=op1");
  ASSERT_NE(failure.cause(), nullptr);
  EXPECT_EQ(failure.cause()->message(), "below");
}

TEST_F(SubtaskEndTest, AnythingThrownIsCaught) {
  program_.script(1).poll = [](std::size_t, const Script::Emit&) -> Poll { throw 42; };
  Task& task = make(spec({node(1)}));
  task.start();
  EXPECT_THAT(failureOf(task).message(), HasSubstr("exception=int"));
}

TEST_F(SubtaskEndTest, FailingOpenNamesItsOperatorAndClosesTheOthers) {
  countTo(1, 1);
  std::vector<int> closed;
  for (const int n : {1, 2, 3}) program_.script(n).close = [&closed, n] { closed.push_back(n); };
  program_.script(2).open = [](operators::OperatorContext&) {
    throw std::invalid_argument("no such file");
  };
  Task& task = make(spec({node(1, {2}), node(2, {3}), node(3)}));
  task.start();
  EXPECT_THAT(failureOf(task).message(), HasSubstr("operator=op2"));
  EXPECT_THAT(closed, ::testing::ElementsAre(2, 3));  // the first was never opened
}

TEST_F(SubtaskEndTest, FailingCloseFailsTheTaskBeforeItsOutputEnds) {
  countTo(1, 1);
  program_.script(1).close = [] { throw std::runtime_error("disk full"); };
  TaskSpec source = spec({node(1)});
  addOutput(source, 1, 2);
  Task& task = make(std::move(source));
  task.start();
  EXPECT_THAT(failureOf(task).message(), HasSubstr("disk full"));
  const auto channel = network_.channel(partitionId(1, 2), 0);
  EXPECT_FALSE(channel->ended);
  EXPECT_TRUE(channel->failed);
}

TEST_F(SubtaskEndTest, LostProducerFailsTheConsumer) {
  program_.script(2);
  TaskSpec sink = spec({node(2)});
  addInput(sink, 1, 2);
  Task& task = make(std::move(sink));
  task.start();
  listener_.waitFor(task, TaskState::kRunning);
  network_.channel(partitionId(1, 2), 0)->fail(Status(ErrorCode::kConnectionLost, "gone"));
  EXPECT_EQ(failureOf(task).code(), ErrorCode::kConnectionLost);
}

TEST_F(SubtaskEndTest, MissingBuffersAndMissingCodeFailTheStart) {
  countTo(1, 1);
  network_.failPartitions = true;
  TaskSpec source = spec({node(1)});
  addOutput(source, 1, 2);
  Task& noBuffers = make(std::move(source));
  noBuffers.start();
  EXPECT_EQ(failureOf(noBuffers).code(), ErrorCode::kInsufficientNetworkBuffers);
  Task& noCode = make(spec({node(77)}));
  noCode.start();
  EXPECT_EQ(failureOf(noCode).code(), ErrorCode::kFingerprintMismatch);
  program_.script(5);
  Task& noInput = make(spec({node(5)}));
  noInput.start();
  EXPECT_EQ(failureOf(noInput).code(), ErrorCode::kJobGraphInvalid);
}

TEST_F(SubtaskEndTest, CancelEndsAWaitingTask) {
  program_.script(2);
  bool closed = false;
  program_.script(2).close = [&] { closed = true; };
  TaskSpec sink = spec({node(2)});
  addInput(sink, 1, 2);
  Task& task = make(std::move(sink));
  task.start();
  listener_.waitFor(task, TaskState::kRunning);
  task.cancel();
  task.cancel();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kCanceled);
  EXPECT_TRUE(closed);
  task.cancel();
  task.fail(Status(ErrorCode::kInternal, "late"));
  EXPECT_EQ(listener_.waitFor(task, TaskState::kCanceled).states.back(), TaskState::kCanceled);
}

TEST_F(SubtaskEndTest, CancelEndsAStepThatWaitsForRoom) {
  std::promise<void> emitting;
  bool first = true;
  program_.script(1).poll = [&](std::size_t, const Script::Emit& emit) {
    if (std::exchange(first, false)) emitting.set_value();
    for (Number n = 0; n < 100000; ++n) emit(n);  // nobody reads
    return Poll::kMore;
  };
  TaskSpec source = spec({node(1)});
  addOutput(source, 1, 2);
  Task& task = make(std::move(source));
  task.start();
  emitting.get_future().wait();
  task.cancel();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kCanceled);
}

TEST_F(SubtaskEndTest, ExceptionWhileCancelledIsACancel) {
  std::promise<void> running;
  std::function<bool()> cancelled;
  program_.script(1).open = [&](operators::OperatorContext& context) {
    cancelled = context.cancelled;
  };
  bool first = true;
  program_.script(1).poll = [&](std::size_t, const Script::Emit&) -> Poll {
    if (std::exchange(first, false)) running.set_value();
    while (!cancelled()) std::this_thread::yield();
    throw std::runtime_error("interrupted");
  };
  Task& task = make(spec({node(1)}));
  task.start();
  running.get_future().wait();
  task.cancel();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kCanceled);
}

TEST_F(SubtaskEndTest, CancelInterruptsABatch) {
  countTo(1, 1LL << 60);
  std::promise<void> running;
  int calls = 0;
  program_.script(2).map = [&](Number, const Script::Emit&) {
    if (++calls == 1) running.set_value();
    while (!*operators::currentInterruption.requested) std::this_thread::yield();
    operators::checkInterruption(*operators::currentInterruption.requested);
  };
  Task& task = make(spec({node(1, {2}), node(2)}));
  task.start();
  running.get_future().wait();
  task.cancel();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kCanceled);
}

TEST_F(SubtaskEndTest, FailureFromOutsideInterruptsABatch) {
  countTo(1, 1LL << 60);
  std::promise<void> running;
  bool first = true;
  std::atomic<bool> told{false};
  program_.script(2).map = [&](Number, const Script::Emit&) {
    if (std::exchange(first, false)) running.set_value();
    while (!told) std::this_thread::yield();
    operators::checkInterruption(*operators::currentInterruption.requested);
  };
  Task& task = make(spec({node(1, {2}), node(2)}));
  task.start();
  running.get_future().wait();
  task.fail(Status(ErrorCode::kWorkerDied, "the worker shuts down"));
  told = true;
  EXPECT_EQ(failureOf(task).code(), ErrorCode::kWorkerDied);
}

TEST_F(SubtaskEndTest, SlowStepPassesOnWhatItHasEmitted) {
  std::promise<Number> arrived;
  program_.script(1).poll = [&, arrives = arrived.get_future().share(), next = Number{0}](
                                std::size_t, const Script::Emit& emit) mutable {
    emit(++next);
    // The watchdog asks, then what was emitted has to reach the consumer while this call goes on.
    while (!*operators::currentInterruption.requested) std::this_thread::yield();
    operators::checkInterruption(*operators::currentInterruption.requested);
    if (next == 1) {
      EXPECT_EQ(arrives.get(), 1);
    }
    return next == 2 ? Poll::kEnd : Poll::kMore;
  };
  bool first = true;
  program_.script(2).map = [&](Number n, const Script::Emit&) {
    if (std::exchange(first, false)) arrived.set_value(n);
  };
  TaskSpec source = spec({node(1)});
  TaskSpec sink = spec({node(2)});
  addOutput(source, 1, 2);
  addInput(sink, 1, 2);
  Task& from = make(std::move(source));
  Task& to = make(std::move(sink));
  from.start();
  to.start();
  EXPECT_EQ(listener_.waitForEnd(from), TaskState::kFinished);
  EXPECT_EQ(listener_.waitForEnd(to), TaskState::kFinished);
}

TEST_F(SubtaskEndTest, CancelBeforeStartNeverRuns) {
  int polls = 0;
  program_.script(1).poll = [&](std::size_t, const Script::Emit&) {
    ++polls;
    return Poll::kMore;
  };
  Task& task = make(spec({node(1)}));
  task.cancel();
  task.start();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kCanceled);
  EXPECT_EQ(polls, 0);
}

TEST_F(SubtaskEndTest, FailFromOutsideCarriesItsReason) {
  countTo(1, 1LL << 60);
  TaskSpec source = spec({node(1)});
  addOutput(source, 1, 2);  // nobody reads: the task waits for room
  Task& task = make(std::move(source));
  task.start();
  listener_.waitFor(task, TaskState::kRunning);
  task.fail(Status(ErrorCode::kWorkerDied, "the worker shuts down"));
  EXPECT_EQ(failureOf(task).code(), ErrorCode::kWorkerDied);
}

TEST_F(SubtaskEndTest, CancelEndsACollectThatWaits) {
  countTo(1, 100);
  std::function<bool(const std::string&, std::vector<std::string>&)> collect;
  program_.script(2).open = [&](operators::OperatorContext& context) { collect = context.collect; };
  program_.script(2).map = [&](Number n, const Script::Emit&) {
    std::vector<std::string> records{std::to_string(n)};
    collect("c", records);
  };
  Task& task = make(spec({node(1, {2}), node(2)}));
  task.start();
  listener_.waitForCollected(2);
  task.cancel();
  EXPECT_EQ(listener_.waitForEnd(task), TaskState::kCanceled);
  listener_.giveRoom();
}

TEST_F(SubtaskEndTest, ManyTasksCancelledAtAnyMomentAllEnd) {
  for (int round = 0; round < 100; ++round) {
    countTo(1, 1LL << 60);
    std::atomic<int> polls{0};
    program_.script(1).poll = [&polls, count = program_.script(1).poll](std::size_t max,
                                                                        const Script::Emit& emit) {
      ++polls;
      return count(max, emit);
    };
    program_.script(2);
    TaskSpec source = spec({node(1)});
    source.attempt.attempt = round;
    TaskSpec sink = spec({node(2)});
    sink.attempt.attempt = round;
    addOutput(source, 1, 2);
    addInput(sink, 1, 2);
    source.outputs[0].partition.id.producer.attempt = round;
    sink.inputs[0].gate.channels[0].partition.producer.attempt = round;
    Task& from = make(std::move(source));
    Task& to = make(std::move(sink));
    from.start();
    to.start();
    while (polls < round) std::this_thread::yield();
    from.cancel();
    to.cancel();
    EXPECT_EQ(listener_.waitForEnd(from), TaskState::kCanceled);
    listener_.waitForEnd(to);  // may have seen its producer go first
    tasks_.clear();
  }
}

}  // namespace
}  // namespace flink::task
