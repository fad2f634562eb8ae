#include "cluster/control/program_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

#include "cluster/protocol/codec.h"
#include "core/base/error_codes.h"

namespace flink::control {
namespace {

using namespace protocol;
using testing::ElementsAre;
using testing::HasSubstr;

/// Runs fake_program, which does what its first argument says.
class ProgramRunnerTest : public testing::Test {
 protected:
  ~ProgramRunnerTest() override {
    runner_.reset();
    loop_->stop();
  }
  std::pair<Status, int> run(const std::string& behaviour) {
    start(behaviour);
    return ended_.get_future().get();
  }
  void start(const std::string& behaviour) {
    ProgramRunner::Spec spec;
    spec.binary = FLINK_FAKE_PROGRAM;
    spec.start.arguments = {behaviour};
    spec.start.libraryPath = "job.so";
    spec.relay = [this](Method method, const Bytes& body, Duration deadline,
                        const ProgramRunner::Answer& answer) {
      relayed_.push_back(method);
      deadlines_.push_back(deadline);
      if (method == Method::kSubmitJob) {
        submitted_ = decode<SubmitJobRequest>(asBytes(body))->graph.name;
        return answer(answerToSubmit_ ? Result<Bytes>(encode(Empty{})) : Result<Bytes>(*refusal_));
      }
      answer(encode(WaitJobRequest::Response{JobStatus::kFinished, JobResult{}}));
    };
    spec.done = [this](Status status, int numJobs) {
      ended_.set_value({std::move(status), numJobs});
    };
    auto runner = ProgramRunner::start(std::move(spec), *launcher_, *loop_, clock_);
    ASSERT_TRUE(runner) << runner.status().toString();
    runner_ = std::move(*runner);
  }

  SystemClock clock_;
  std::unique_ptr<ProcessLauncher> launcher_ = makeSystemProcessLauncher();
  std::unique_ptr<EventLoop> loop_ = makeThreadEventLoop("runner", clock_);
  std::promise<std::pair<Status, int>> ended_;
  std::vector<Method> relayed_;
  std::vector<Duration> deadlines_;
  std::string submitted_;
  bool answerToSubmit_ = true;
  std::optional<Status> refusal_;
  std::unique_ptr<ProgramRunner> runner_;
};

TEST_F(ProgramRunnerTest, CallsAreRelayedAndTheEndReported) {
  const auto [status, numJobs] = run("submit-and-wait");
  EXPECT_TRUE(status) << status.toString();
  EXPECT_EQ(numJobs, 1);
  EXPECT_EQ(submitted_, "job of fake_program");
  EXPECT_THAT(relayed_, ElementsAre(Method::kSubmitJob, Method::kWaitJob));
  EXPECT_THAT(deadlines_, ElementsAre(std::chrono::seconds(7), std::chrono::seconds(7)));
}

TEST_F(ProgramRunnerTest, RefusalReachesTheProgramAndComesBackAsItsError) {
  answerToSubmit_ = false;
  refusal_ = Status(ErrorCode::kCancelled, "plan only");
  const auto [status, numJobs] = run("submit-and-wait");
  EXPECT_EQ(status.code(), ErrorCode::kCancelled);
  EXPECT_THAT(status.message(), HasSubstr("plan only"));
  EXPECT_EQ(numJobs, 0);
}

TEST_F(ProgramRunnerTest, OtherCallsAreRefused) {
  const auto [status, numJobs] = run("register");
  EXPECT_EQ(status.code(), ErrorCode::kUnknownMethod);
  EXPECT_TRUE(relayed_.empty());
}

TEST_F(ProgramRunnerTest, CrashIsReportedWithItsSignal) {
  const auto [status, numJobs] = run("crash");
  EXPECT_EQ(status.code(), ErrorCode::kProgramInvalid);
  EXPECT_THAT(status.message(), HasSubstr("SIGABRT"));
  EXPECT_THAT(status.message(), HasSubstr("job.so"));
}

TEST_F(ProgramRunnerTest, KilledProgramIsReported) {
  start("hang");
  runner_->kill();
  const auto [status, numJobs] = ended_.get_future().get();
  EXPECT_THAT(status.message(), HasSubstr("SIGKILL"));
}

TEST_F(ProgramRunnerTest, DestroyingTheRunnerEndsTheProgram) {
  start("hang");
  std::promise<void> gone;
  loop_->post([&] {
    runner_.reset();
    gone.set_value();
  });
  gone.get_future().get();
  EXPECT_EQ(ended_.get_future().wait_for(std::chrono::seconds(0)), std::future_status::timeout);
}

TEST_F(ProgramRunnerTest, MissingBinaryIsAnError) {
  ProgramRunner::Spec spec;
  spec.binary = "/no/such/flink-program";
  const auto runner = ProgramRunner::start(std::move(spec), *launcher_, *loop_, clock_);
  EXPECT_EQ(runner.status().code(), ErrorCode::kProcessSpawn);
}

}  // namespace
}  // namespace flink::control
