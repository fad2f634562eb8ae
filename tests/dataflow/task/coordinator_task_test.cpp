#include "dataflow/task/coordinator_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>

#include "core/base/error_codes.h"

namespace flink::task {
namespace {

class ScriptedCoordinator final : public operators::OperatorCoordinator {
 public:
  explicit ScriptedCoordinator(std::vector<std::string>& log) : log_(log) {}
  ~ScriptedCoordinator() override { log_.push_back("destroyed"); }
  void open(operators::CoordinatorContext& context) override {
    context_ = &context;
    log_.push_back("open " + std::to_string(context.parallelism));
  }
  void handleEvent(int subtask, std::string_view payload) override {
    if (payload == "throw") throw std::runtime_error("no splits");
    log_.push_back(std::to_string(subtask) + ":" + std::string(payload));
    context_->sendToSubtask(subtask, "re " + std::string(payload));
  }
  void close() override { log_.push_back("close"); }

 private:
  std::vector<std::string>& log_;
  operators::CoordinatorContext* context_ = nullptr;
};

class CoordinatorTaskTest : public ::testing::Test {
 protected:
  std::unique_ptr<CoordinatorTask> make() {
    CoordinatorServices services;
    services.clock = &clock_;
    services.executor = executor_.get();
    services.sendToSubtask = [this](int, const std::string& payload) {
      if (payload == "re last") answered_.set_value();
    };
    services.onFailed = [this](const Status& reason) { failed_.set_value(reason); };
    return std::make_unique<CoordinatorTask>(
        "Source: files", std::make_unique<ScriptedCoordinator>(log_), 4, std::move(services));
  }
  SystemClock clock_;
  std::unique_ptr<Executor> executor_ = makeThreadExecutor({.numThreads = 2}, clock_);
  std::vector<std::string> log_;
  std::promise<void> answered_;
  std::promise<Status> failed_;
};

TEST_F(CoordinatorTaskTest, HandlesEventsInOrderAndCloses) {
  auto task = make();
  task->deliverEvent(2, "early");
  task->start();
  task->deliverEvent(0, "next");
  task->deliverEvent(1, "last");
  answered_.get_future().wait();
  task->close();
  task->deliverEvent(1, "too late");
  task.reset();
  EXPECT_THAT(
      log_, ::testing::ElementsAre("open 4", "2:early", "0:next", "1:last", "close", "destroyed"));
}

TEST_F(CoordinatorTaskTest, FailureIsReportedOnce) {
  auto task = make();
  task->start();
  task->deliverEvent(0, "throw");
  const Status reason = failed_.get_future().get();
  EXPECT_EQ(reason.code(), ErrorCode::kUserCodeFailed);
  EXPECT_THAT(
      reason.message(),
      ::testing::HasSubstr("operator=Source: files exception=std::runtime_error: no splits"));
  task->deliverEvent(0, "throw");
  task->close();
}

TEST_F(CoordinatorTaskTest, CloseWithoutStart) {
  auto task = make();
  task->close();
  task.reset();
  EXPECT_THAT(log_, ::testing::ElementsAre("destroyed"));
}

}  // namespace
}  // namespace flink::task
