#include "core/base/signal_stack.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <future>

#include "core/base/clock.h"
#include "core/base/executor.h"

namespace flink {
namespace {

constexpr int kHandlerRan = 42;

/// A function that needs more and more stack; the optimizer must not see through it.
int overflow(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

void exitFromHandler(int /*signal*/) {
  ::_exit(kHandlerRan);
}

void installHandler() {
  struct sigaction action {};
  action.sa_handler = exitFromHandler;
  action.sa_flags = SA_ONSTACK;
  ::sigaction(SIGSEGV, &action, nullptr);
}

class Overflowing final : public Steppable {
 public:
  StepResult step(Duration /*budget*/) override {
    overflow(0);
    return StepResult::kDone;
  }
  [[nodiscard]] std::string_view name() const override { return "overflowing"; }
};

void overflowInStep() {
  installHandler();
  const SystemClock clock;
  auto executor = makeThreadExecutor({}, clock);
  Overflowing task;
  const auto handle = executor->add(task);
  std::promise<void>().get_future().wait();
}

void overflowInBlockingWork() {
  installHandler();
  const SystemClock clock;
  auto executor = makeThreadExecutor({}, clock);
  executor->runBlocking([] { overflow(0); });
  std::promise<void>().get_future().wait();
}

void overflowInLoop() {
  installHandler();
  const SystemClock clock;
  auto loop = makeThreadEventLoop("loop", clock);
  loop->post([] { overflow(0); });
  std::promise<void>().get_future().wait();
}

class SignalStackDeathTest : public testing::Test {
 protected:
  SignalStackDeathTest() { testing::GTEST_FLAG(death_test_style) = "threadsafe"; }
};

TEST_F(SignalStackDeathTest, HandlerRunsAfterAnOverflowOnEveryThreadOfTheExecutor) {
  EXPECT_EXIT(overflowInStep(), testing::ExitedWithCode(kHandlerRan), "");
  EXPECT_EXIT(overflowInBlockingWork(), testing::ExitedWithCode(kHandlerRan), "");
  EXPECT_EXIT(overflowInLoop(), testing::ExitedWithCode(kHandlerRan), "");
}

TEST(SignalStackTest, PreviousStackComesBack) {
  stack_t before{};
  ::sigaltstack(nullptr, &before);
  {
    const SignalStack own;
    stack_t inside{};
    ::sigaltstack(nullptr, &inside);
    EXPECT_NE(inside.ss_sp, before.ss_sp);
    EXPECT_EQ(inside.ss_flags & SS_DISABLE, 0);
  }
  stack_t after{};
  ::sigaltstack(nullptr, &after);
  EXPECT_EQ(after.ss_flags, before.ss_flags);
}

}  // namespace
}  // namespace flink
