// Asynchronous calls: order, capacity, timeouts, retries, snapshots.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/mutex.h"
#include "dataflow/operators/async_operator.h"
#include "operator_script.h"

namespace flink::operators {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Future = ResultFuture<std::string>;

/// Parks the calling thread, as an executor parks a step.
class ParkingExecutor final : public Executor {
 public:
  std::shared_ptr<Handle> add(Steppable&) override { return nullptr; }
  void await(WaitCondition& condition) override {
    const MutexLock lock(mutex_);
    ++numParks;
    while (!condition.ready()) changed_.wait(mutex_);
  }
  void notify(WaitCondition&) override {
    const MutexLock lock(mutex_);
    changed_.notifyAll();
  }
  void runBlocking(std::function<void()> work) override { work(); }
  void stop() override {}
  int numParks = 0;

 private:
  Mutex mutex_;
  ConditionVariable changed_;
};

/// The calls that were started, to be ended by the test.
struct Calls {
  std::vector<std::pair<KeyedValue, Future>> started;
  void end(std::size_t index, std::vector<std::string> results) {
    started[index].second.complete(std::move(results));
  }
};

class AsyncOperatorTest : public ::testing::Test {
 protected:
  void make(bool ordered, std::int64_t timeoutMs = 0, std::size_t capacity = 100,
            AsyncRetryStrategy<std::string> retry = {}) {
    AsyncSettings<std::string> settings{ordered, timeoutMs, capacity, std::move(retry)};
    auto start = [calls = calls_](const KeyedValue& value, Future future) {
      calls->started.emplace_back(value, std::move(future));
    };
    use(makeAsyncFactory<KeyedValue, std::string>(std::move(start), std::move(settings)));
  }
  void use(FactoryPtr factory) {
    script_ = std::make_unique<OperatorScript>(std::move(factory));
    script_->main<std::string>();
    script_->prepare([this](OperatorContext& context) { context.executor = &executor_; });
  }
  std::vector<std::string> play(const std::string& steps) { return script_->play(steps); }
  /// What a step does that was woken.
  std::vector<std::string> woken() { return play("F"); }

  std::shared_ptr<Calls> calls_ = std::make_shared<Calls>();
  ParkingExecutor executor_;
  std::unique_ptr<OperatorScript> script_;
};

TEST_F(AsyncOperatorTest, OrderedResultsWaitForTheOnesBefore) {
  make(true);
  EXPECT_THAT(play("E 1 a 1;E 2 b 2;W 5;E 3 c 3"), IsEmpty());
  calls_->end(1, {"B"});
  EXPECT_THAT(woken(), IsEmpty());
  calls_->end(0, {"A1", "A2"});
  EXPECT_THAT(woken(), ElementsAre("A1@1", "A2@1", "B@2", "W5"));
  calls_->end(2, {});
  EXPECT_THAT(play("Z"), ElementsAre("Wmax"));
}

TEST_F(AsyncOperatorTest, UnorderedResultsComeAsTheyAreButNotPastAWatermark) {
  make(false);
  play("E 1 a 1;E 2 b 2;W 5;E 6 c 3;E 7 d 4");
  calls_->end(2, {"C"});
  calls_->end(1, {"B"});
  EXPECT_THAT(woken(), ElementsAre("B@2"));
  calls_->end(3, {"D"});
  EXPECT_THAT(woken(), IsEmpty());
  calls_->end(0, {"A"});
  EXPECT_THAT(woken(), ElementsAre("A@1", "W5", "C@6", "D@7"));
}

TEST_F(AsyncOperatorTest, AFullOperatorParksUntilThereIsAResult) {
  make(true, 0, 2);
  play("E 1 a 1;E 2 b 2");
  std::thread other([this] { calls_->end(0, {"A"}); });
  EXPECT_THAT(play("E 3 c 3"), ElementsAre("A@1"));
  other.join();
  EXPECT_THAT(calls_->started, SizeIs(3));
}

TEST_F(AsyncOperatorTest, AFullOperatorStillTimesOut) {
  make(true, 10, 1);
  script_->play("E 1 a 1");
  script_->clock().setNow(10);
  EXPECT_THROW(play("E 2 b 2"), AsyncTimeoutException);
}

TEST_F(AsyncOperatorTest, TimeoutFailsTheJob) {
  make(true, 10);
  play("E 1 a 1;P 9");
  EXPECT_THROW(play("P 10"), AsyncTimeoutException);
}

TEST_F(AsyncOperatorTest, TheFunctionMayAnswerATimeoutAndLateResultsAreForgotten) {
  struct Late : AsyncFunction<KeyedValue, std::string> {
    std::shared_ptr<Calls> calls;
    void asyncInvoke(const KeyedValue& value, Future future) override {
      calls->started.emplace_back(value, future);
    }
    void timeout(const KeyedValue& value, Future future) override {
      future.complete({value.first + " timed out"});
    }
  };
  Late late;
  late.calls = calls_;
  use(makeAsyncFactory<KeyedValue, std::string>(late,
                                                AsyncSettings<std::string>{true, 10, 100, {}}));
  EXPECT_THAT(play("E 1 a 1;P 10"), ElementsAre("a timed out@1"));
  calls_->end(0, {"A"});
  EXPECT_THAT(woken(), IsEmpty());
  EXPECT_EQ(script_->clock().numTimers(), 0U);
}

TEST_F(AsyncOperatorTest, ExceptionsFailTheJob) {
  make(true);
  play("E 1 a 1");
  calls_->started[0].second.completeExceptionally(std::runtime_error("lost"));
  EXPECT_THROW(woken(), std::runtime_error);
}

TEST_F(AsyncOperatorTest, OnlyTheFirstCompletionCounts) {
  make(true);
  play("E 1 a 1");
  calls_->end(0, {"A"});
  calls_->end(0, {"B"});
  EXPECT_THAT(woken(), ElementsAre("A@1"));
}

TEST_F(AsyncOperatorTest, CallsAreTriedAgainAfterTheirDelay) {
  auto retry = AsyncRetryStrategies::fixedDelay<std::string>(2, std::chrono::milliseconds(5));
  retry.ifResult = AsyncRetryStrategies::EMPTY_RESULT_PREDICATE;
  retry.ifException = AsyncRetryStrategies::HAS_EXCEPTION_PREDICATE;
  make(true, 0, 100, retry);
  play("E 1 a 1");
  calls_->end(0, {});
  EXPECT_THAT(play("F;P 4"), IsEmpty());
  EXPECT_THAT(calls_->started, SizeIs(1));
  play("P 5");
  ASSERT_THAT(calls_->started, SizeIs(2));
  calls_->started[1].second.completeExceptionally(std::runtime_error("lost"));
  play("F;P 10");
  ASSERT_THAT(calls_->started, SizeIs(3));
  calls_->end(2, {});  // the last chance: empty is the result
  EXPECT_THAT(woken(), IsEmpty());
  EXPECT_THAT(play("Z"), ElementsAre("Wmax"));
}

TEST_F(AsyncOperatorTest, ExponentialBackoffIsBounded) {
  const auto retry = AsyncRetryStrategies::exponentialBackoff<std::string>(
      5, std::chrono::milliseconds(10), std::chrono::milliseconds(35), 2);
  EXPECT_EQ(retry.backoff(1).count(), 10);
  EXPECT_EQ(retry.backoff(2).count(), 20);
  EXPECT_EQ(retry.backoff(3).count(), 35);
}

TEST_F(AsyncOperatorTest, TheEndOfInputMakesWaitingRetriesAtOnce) {
  auto retry = AsyncRetryStrategies::fixedDelay<std::string>(3, std::chrono::hours(1));
  retry.ifResult = AsyncRetryStrategies::EMPTY_RESULT_PREDICATE;
  auto secondTime = [n = 0](const KeyedValue&, Future future) mutable {
    future.complete(n++ == 0 ? std::vector<std::string>{} : std::vector<std::string>{"A"});
  };
  use(makeAsyncFactory<KeyedValue, std::string>(secondTime,
                                                AsyncSettings<std::string>{true, 0, 100, retry}));
  EXPECT_THAT(play("E 1 a 1;P 5"), IsEmpty());
  EXPECT_THAT(play("Z"), ElementsAre("A@1", "Wmax"));
}

TEST_F(AsyncOperatorTest, RecordsWithoutAResultAreCalledAgainAfterARestart) {
  make(true);
  play("E 1 a 1;E 2 b 2;E 3 c 3");
  calls_->end(0, {"A"});
  EXPECT_THAT(woken(), ElementsAre("A@1"));
  play("S");
  ASSERT_THAT(calls_->started, SizeIs(5));
  EXPECT_EQ(calls_->started[3].first, KeyedValue("b", 2));
  calls_->end(1, {"of the old attempt"});
  EXPECT_THAT(woken(), IsEmpty());
  calls_->end(3, {"B"});
  calls_->end(4, {"C"});
  EXPECT_THAT(woken(), ElementsAre("B@2", "C@3"));
}

TEST_F(AsyncOperatorTest, BlockingWorkCompletesOrFails) {
  make(true);
  play("E 1 a 1;E 2 b 2");
  calls_->started[0].second.completeAsync([] { return std::vector<std::string>{"A"}; });
  EXPECT_THAT(woken(), ElementsAre("A@1"));
  calls_->started[1].second.completeAsync(
      []() -> std::vector<std::string> { throw std::runtime_error("lost"); });
  EXPECT_THROW(woken(), std::runtime_error);
}

}  // namespace
}  // namespace flink::operators
