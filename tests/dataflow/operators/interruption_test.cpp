#include "dataflow/operators/interruption.h"

#include <gmock/gmock.h>

#include <functional>
#include <vector>

#include "core/base/error_codes.h"
#include "dataflow/operators/factories.h"
#include "dataflow/operators/operator_failure.h"
#include "tests/dataflow/operators/operator_harness.h"

namespace flink::operators {
namespace {

using testing::ElementsAre;

/// Stands for the task while a test calls an operator.
class FakeTask final : private Interruption {
 public:
  FakeTask() { currentInterruption = {&requested, this, false}; }
  ~FakeTask() override { currentInterruption = previous_; }
  FakeTask(const FakeTask&) = delete;
  FakeTask& operator=(const FakeTask&) = delete;

  std::atomic<bool> requested{false};
  bool stopped = false;
  std::function<void()> onPassOn = [] {};

 private:
  void throwIfStopped() override {
    requested = false;
    if (stopped) throwIfError(Status(ErrorCode::kCancelled, "stopped"));
  }
  void passOn() override { onPassOn(); }

  const CurrentInterruption previous_ = currentInterruption;
};

TEST(InterruptionTest, WhatWasEmittedGoesOutBetweenTwoRecords) {
  FakeTask task;
  CollectingReceiver<int> out;
  OperatorHarness harness;
  harness.open(*makeMapFactory<int>([&](int n) {
    task.requested = n == 2;
    return n;
  }),
               {{"", &out}});
  std::vector<int> outThen;
  task.onPassOn = [&] { outThen = out.records; };
  harness.process(std::vector{1, 2, 3, 4});
  EXPECT_THAT(outThen, ElementsAre(1, 2));
  EXPECT_THAT(out.records, ElementsAre(1, 2, 3, 4));
}

TEST(InterruptionTest, StoppedTaskProcessesNoFurtherRecord) {
  FakeTask task;
  CollectingReceiver<int> out;
  OperatorHarness harness;
  int calls = 0;
  harness.open(*makeFilterFactory<int>([&](int) {
    ++calls;
    task.stopped = task.requested = calls == 2;
    return true;
  }),
               {{"", &out}});
  EXPECT_THROW(harness.process(std::vector{1, 2, 3, 4}), OperatorFailure);
  EXPECT_EQ(calls, 2);
  EXPECT_THAT(out.records, ElementsAre());
}

TEST(InterruptionTest, OneCallThatEmitsMuchIsStoppedToo) {
  FakeTask task;
  CollectingReceiver<int> out;
  OperatorHarness harness;
  int emitted = 0;
  harness.open(*makeFlatMapFactory<int, int>([&](int, Collector<int>& collector) {
    for (; emitted < 100'000; ++emitted) {
      if (emitted == 1000) task.stopped = task.requested = true;
      collector.collect(emitted);
    }
  }),
               {{"", &out}});
  EXPECT_THROW(harness.process(std::vector{1}), OperatorFailure);
  EXPECT_LE(emitted, 1000 + static_cast<int>(kBatchSize));
}

}  // namespace
}  // namespace flink::operators
