// A program's calls through flinkctl to a JobManager that the test plays: none waits for another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "fake_jobmanager.h"
#include "flinkctl_process.h"

namespace flink::cli::test {
namespace {

using namespace protocol;
using testing::HasSubstr;

const JobId kFirst = *JobId::parse(std::string(32, 'a'));
const JobId kSecond = *JobId::parse(std::string(32, 'b'));

/// flinkctl beside a flink-program of the test's own.
class ProgramRelayTest : public testing::Test {
 protected:
  ProgramRelayTest() {
    std::filesystem::create_directories(bin_);
    std::filesystem::copy_file(FLINKCTL, bin_ / "flinkctl");
    std::filesystem::create_symlink(FLINK_FAKE_PROGRAM, bin_ / "flink-program");
    std::ofstream(directory_.home() / "job.so")
        << "no code: the program of the test does not load it";
  }
  Outcome run(const std::string& behaviour, const std::vector<std::string>& options = {}) {
    jobManager_.start();
    std::vector<std::string> arguments{"run", "-m", jobManager_.address()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), {directory_.home() / "job.so", behaviour});
    return flinkctl_.run(std::move(arguments));
  }
  static WaitJobRequest::Response ended(const JobId& id, JobStatus status) {
    WaitJobRequest::Response answer;
    answer.status = status;
    answer.result = JobResult{};
    answer.result->id = id;
    answer.result->status = status;
    return answer;
  }

  FlinkctlProcess directory_{FLINKCTL};
  std::filesystem::path bin_ = directory_.home() / "bin";
  FlinkctlProcess flinkctl_{(bin_ / "flinkctl").string()};
  FakeJobManager jobManager_;
  std::map<JobId, control::RpcEndpoint::Responder<WaitJobRequest>> waiting_;
};

TEST_F(ProgramRelayTest, ProgramCancelsTheJobThatItWaitsFor) {
  jobManager_.serve<SubmitJobRequest>([](const auto&, const auto& respond) { respond(Empty{}); });
  jobManager_.serve<WaitJobRequest>(
      [this](const auto& request, auto respond) { waiting_[request.job] = std::move(respond); });
  jobManager_.serve<CancelJobRequest>([this](const auto& request, const auto& respond) {
    respond(Empty{});
    waiting_.at(request.job)(ended(request.job, JobStatus::kCanceled));
  });
  const Outcome outcome = run("cancel-while-waiting");
  EXPECT_EQ(outcome.exitCode, 1) << outcome.err;
  EXPECT_EQ(outcome.out, "Job has been submitted with JobID " + kFirst.toHex() + "\n");
  EXPECT_THAT(outcome.err, HasSubstr("Job was cancelled (JobID: " + kFirst.toHex() + ")"));
}

TEST_F(ProgramRelayTest, ProgramRunsASecondJobWhileItWaitsForTheFirst) {
  jobManager_.serve<SubmitJobRequest>([](const auto&, const auto& respond) { respond(Empty{}); });
  jobManager_.serve<WaitJobRequest>([this](const auto& request, auto respond) {
    waiting_[request.job] = std::move(respond);
    if (request.job != kSecond) return;
    for (const JobId& id : {kSecond, kFirst}) waiting_.at(id)(ended(id, JobStatus::kFinished));
  });
  const Outcome outcome = run("two-jobs");
  EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
  const std::size_t first = outcome.out.find("Job with JobID " + kFirst.toHex() + " has finished.");
  const std::size_t second =
      outcome.out.find("Job with JobID " + kSecond.toHex() + " has finished.");
  EXPECT_NE(first, std::string::npos) << outcome.out;
  EXPECT_LT(second, first);
}

TEST_F(ProgramRelayTest, JobThatWaitsForSlotsSaysSoOnce) {
  jobManager_.serve<SubmitJobRequest>([](const auto&, const auto& respond) { respond(Empty{}); });
  jobManager_.serve<WaitJobRequest>(
      [this](const auto& request, auto respond) { waiting_[request.job] = std::move(respond); });
  // Nothing is missing yet when it is asked for the first time.
  jobManager_.serve<GetJobRequest>([this](const auto& request, const auto& respond) {
    JobDetails job;
    job.overview.id = request.job;
    job.overview.status = JobStatus::kRunning;
    job.overview.tasks[static_cast<std::size_t>(ExecutionState::kScheduled)] = 9;
    if (jobManager_.note("describe") > 1) {
      job.statusMessage = "waiting for 9 slots, 8 available";
      waiting_.at(request.job)(ended(request.job, JobStatus::kCanceled));
    }
    respond(std::move(job));
  });
  const Outcome outcome = run("one-job");
  EXPECT_THAT(outcome.err,
              HasSubstr("Job " + JobId{}.toHex() + " is waiting for 9 slots, 8 available.\n"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("waiting")));
}

TEST_F(ProgramRelayTest, FailedJobIsHeadedByItsCause) {
  jobManager_.serve<SubmitJobRequest>([](const auto&, const auto& respond) { respond(Empty{}); });
  jobManager_.serve<WaitJobRequest>([](const auto& request, const auto& respond) {
    auto answer = ended(request.job, JobStatus::kFailed);
    answer.result->failure = FailureInfo{
        "org.apache.flink.runtime.JobException", "FLINK-IO-001", "no such file",
        "org.apache.flink.runtime.JobException: no restart\nCaused by: FLINK-IO-001: the output "
        "cannot be opened; caused by: FLINK-IO-002: not allowed",
        0};
    respond(std::move(answer));
  });
  const Outcome outcome = run("one-job");
  EXPECT_EQ(outcome.exitCode, 1);
  EXPECT_EQ(outcome.err,
            "error[FLINK-IO-001]: Job failed (JobID: " + JobId{}.toHex() +
                ")\n"
                "cause: [FLINK-IO-001] org.apache.flink.runtime.JobException: no restart\n"
                "cause: [FLINK-IO-001] the output cannot be opened\n"
                "cause: [FLINK-IO-002] not allowed\n"
                "fix: correct the permissions or the path\n");
}

TEST_F(ProgramRelayTest, SavepointToStartFromIsInTheJobsConfiguration) {
  std::map<std::string, std::string> configuration;
  jobManager_.serve<SubmitJobRequest>([&](const auto& request, const auto& respond) {
    configuration = request.graph.configuration;
    respond(Empty{});
  });
  jobManager_.serve<WaitJobRequest>([](const auto& request, const auto& respond) {
    respond(ended(request.job, JobStatus::kFinished));
  });
  const Outcome outcome = run("one-job", {"-s", "savepoints/savepoint-1", "-n"});
  EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_EQ(configuration["execution.state-recovery.path"],
            (std::filesystem::current_path() / "savepoints/savepoint-1").string());
  EXPECT_EQ(configuration["execution.state-recovery.ignore-unclaimed-state"], "true");
}

TEST_F(ProgramRelayTest, FailedUploadReachesTheProgram) {
  jobManager_.serve<HasBlobRequest>([](const auto&, const auto& respond) {
    respond(Status(ErrorCode::kFileIo, "the blob store is full"));
  });
  const Outcome outcome = run("two-jobs");
  EXPECT_EQ(outcome.exitCode, 1) << outcome.out;
  EXPECT_THAT(outcome.err, HasSubstr("the blob store is full"));
}

}  // namespace
}  // namespace flink::cli::test
