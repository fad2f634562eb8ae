// flinkctl's commands that take savepoints and checkpoints, and job exceptions, against a
// JobManager that the test plays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "dataflow/checkpoint/types.h"
#include "fake_jobmanager.h"
#include "flinkctl_process.h"

namespace flink::cli::test {
namespace {

using namespace protocol;
using Json = nlohmann::json;
using checkpoint::SnapshotKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kRunning = FakeJobManager::runningJob().toHex();
const std::string kUnknown(32, 'e');
const std::string kSavepoint = "/data/sp/savepoint-111111-0123456789ab";
const std::string kTrigger(32, '7');

class SnapshotCommandsTest : public ::testing::Test {
 protected:
  /// Triggers succeed; the first question comes too early, the second is answered with `end`.
  void serveSnapshots(WaitSnapshotRequest::Response end) {
    jobManager_.serve<TriggerSnapshotRequest>([this](const auto& request, const auto& respond) {
      if (request.job.toHex() == kUnknown)
        return respond(Status(ErrorCode::kJobNotFound, "job not found: job=" + kUnknown));
      jobManager_.note("trigger " + std::to_string(request.kind) + " '" + request.target + "'");
      respond(TriggerSnapshotRequest::Response{*SnapshotTriggerId::parse(kTrigger)});
    });
    jobManager_.serve<WaitSnapshotRequest>(
        [this, end, asked = 0](const auto& request, const auto& respond) mutable {
          if (++asked % 2 == 1) return respond(WaitSnapshotRequest::Response{});
          jobManager_.note("wait " + request.job.toHex() + " " + request.trigger.toHex());
          respond(end);
        });
    jobManager_.start();
  }
  static WaitSnapshotRequest::Response completed(std::string path = kSavepoint) {
    WaitSnapshotRequest::Response end;
    end.completed = true;
    end.checkpoint = 40;
    end.path = std::move(path);
    return end;
  }
  Outcome run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-m", jobManager_.address()});
    return flinkctl_.run(std::move(arguments));
  }
  static std::string trigger(SnapshotKind kind, const std::string& target = {}) {
    return "trigger " + std::to_string(static_cast<int>(kind)) + " '" + target + "'";
  }
  const std::string waited_ = "wait " + kRunning + " " + kTrigger;

  FakeJobManager jobManager_;
  FlinkctlProcess flinkctl_{FLINKCTL};
};

TEST_F(SnapshotCommandsTest, SavepointSpeaksFlinksWords) {
  serveSnapshots(completed());
  const Outcome outcome = run({"savepoint", kRunning, "/data/sp"});
  EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "Triggering savepoint for job " + kRunning +
                ".\nWaiting for response...\nSavepoint completed. Path: file:" + kSavepoint +
                "\nYou can resume your program from this savepoint with the run command.\n");
  EXPECT_THAT(jobManager_.calls(),
              ElementsAre(trigger(SnapshotKind::kSavepoint, "/data/sp"), waited_));
}

TEST_F(SnapshotCommandsTest, DirectoriesBeginAtTheClient) {
  serveSnapshots(completed());
  EXPECT_EQ(run({"savepoint", kRunning, "below/../here"}).exitCode, 0);
  EXPECT_EQ(run({"savepoint", kRunning, "file:/there"}).exitCode, 0);
  EXPECT_EQ(run({"savepoint", kRunning}).exitCode, 0);
  const std::string here = (std::filesystem::current_path() / "here").string();
  EXPECT_THAT(jobManager_.calls(),
              ElementsAre(trigger(SnapshotKind::kSavepoint, here), waited_,
                          trigger(SnapshotKind::kSavepoint, "file:/there"), waited_,
                          trigger(SnapshotKind::kSavepoint), waited_));
}

TEST_F(SnapshotCommandsTest, FailedSavepointHasTheCodeOfItsCause) {
  WaitSnapshotRequest::Response end;
  end.completed = true;
  end.failure =
      FailureInfo{"org.apache.flink.runtime.checkpoint.CheckpointException", "FLINK-CKP-006",
                  "the directory cannot be used",
                  "the directory cannot be used; caused by: FLINK-IO-002: not allowed", 0};
  serveSnapshots(end);
  const Outcome outcome = run({"savepoint", kRunning});
  EXPECT_EQ(outcome.exitCode, 1);
  EXPECT_THAT(outcome.err, HasSubstr("error[FLINK-CKP-006]: Failed to trigger a savepoint for the "
                                     "job " +
                                     kRunning + ".\n"));
  EXPECT_THAT(outcome.err, HasSubstr("cause: [FLINK-IO-002] not allowed\n"));
  EXPECT_THAT(outcome.out, ::testing::Not(HasSubstr("completed")));
  // The job goes on when its savepoint failed.
  EXPECT_EQ(run({"cancel", "-s", "/data/sp", kRunning}).exitCode, 1);
  EXPECT_THAT(jobManager_.calls(), ::testing::Not(::testing::Contains("cancel " + kRunning)));
}

TEST_F(SnapshotCommandsTest, UnknownJobsAreNotFound) {
  serveSnapshots(completed());
  for (const std::vector<std::string>& verb : {std::vector<std::string>{"savepoint"},
                                               {"stop"},
                                               {"cancel", "-s"},
                                               {"checkpoint", "trigger"}}) {
    std::vector<std::string> arguments = verb;
    arguments.push_back(kUnknown);
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exitCode, 6) << verb[0] << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("error[FLINK-JOB-001]")) << verb[0];
  }
}

TEST_F(SnapshotCommandsTest, DisposeNamesThePathAsGiven) {
  jobManager_.serve<DisposeSavepointRequest>([this](const auto& request, const auto& respond) {
    jobManager_.note("dispose " + request.path);
    if (request.path == "/data/sp/none")
      return respond(Status(ErrorCode::kCheckpointNotFound, "no completed checkpoint there"));
    respond(Empty{});
  });
  jobManager_.start();
  const Outcome gone = run({"savepoint", "-d", kSavepoint});
  EXPECT_EQ(gone.exitCode, 0) << gone.err;
  EXPECT_EQ(gone.out, "Disposing savepoint '" + kSavepoint +
                          "'.\nWaiting for response...\nSavepoint '" + kSavepoint +
                          "' disposed.\n");
  const Outcome missing = run({"savepoint", "--dispose", "/data/sp/none"});
  EXPECT_EQ(missing.exitCode, 6);
  EXPECT_EQ(missing.out, "Disposing savepoint '/data/sp/none'.\nWaiting for response...\n");
  EXPECT_THAT(missing.err,
              HasSubstr("error[FLINK-CKP-002]: Failed to dispose the savepoint '/data/sp/none'."));
  // One thing at a time; and `-detached` is no `-d etached`.
  EXPECT_EQ(run({"savepoint", kRunning, "-d", kSavepoint}).exitCode, 2);
  EXPECT_EQ(run({"savepoint", "-detached"}).exitCode, 2);
  EXPECT_THAT(jobManager_.calls(), ElementsAre("dispose " + kSavepoint, "dispose /data/sp/none"));
}

TEST_F(SnapshotCommandsTest, StopSuspendsOrDrains) {
  serveSnapshots(completed("file:" + kSavepoint));
  const Outcome suspended = run({"stop", "-p", "/data/sp", kRunning});
  EXPECT_EQ(suspended.exitCode, 0) << suspended.err;
  EXPECT_EQ(suspended.out,
            "Suspending job \"" + kRunning +
                "\" with a CANONICAL savepoint.\nTriggering stop-with-savepoint for "
                "job " +
                kRunning +
                ".\nWaiting for response...\nSavepoint completed. Path: file:" + kSavepoint + "\n");
  const Outcome drained = run({"stop", "--drain", kRunning});
  EXPECT_EQ(drained.exitCode, 0) << drained.err;
  EXPECT_THAT(drained.out, HasSubstr("Draining job \"" + kRunning + "\" with a CANONICAL"));
  EXPECT_EQ(run({"stop", "-d", "-p", kRunning}).exitCode, 0);
  EXPECT_THAT(jobManager_.calls(),
              ElementsAre(trigger(SnapshotKind::kSuspendSavepoint, "/data/sp"), waited_,
                          trigger(SnapshotKind::kTerminateSavepoint), waited_,
                          trigger(SnapshotKind::kTerminateSavepoint), waited_));
  EXPECT_EQ(run({"stop"}).exitCode, 2);
}

TEST_F(SnapshotCommandsTest, CancelTakesASavepointFirst) {
  serveSnapshots(completed());
  const std::string warning =
      "DEPRECATION WARNING: Cancelling a job with savepoint is deprecated. Use \"stop\" instead.\n";
  const std::string stored =
      "Cancelled job " + kRunning + ". Savepoint stored in file:" + kSavepoint + ".\n";
  const Outcome there = run({"cancel", "-s", "/data/sp", kRunning});
  EXPECT_EQ(there.exitCode, 0) << there.err;
  EXPECT_EQ(there.out, warning + "Cancelling job " + kRunning +
                           " with CANONICAL savepoint to /data/sp.\n" + stored);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"cancel", "-s", kRunning}, {"cancel", kRunning, "-s"}}) {
    const Outcome anywhere = run(arguments);
    EXPECT_EQ(anywhere.exitCode, 0) << anywhere.err;
    EXPECT_EQ(anywhere.out, warning + "Cancelling job " + kRunning +
                                " with CANONICAL savepoint to default savepoint directory.\n" +
                                stored);
  }
  const std::string cancelled = "cancel " + kRunning;
  EXPECT_THAT(jobManager_.calls(),
              ElementsAre(trigger(SnapshotKind::kSavepoint, "/data/sp"), waited_, cancelled,
                          trigger(SnapshotKind::kSavepoint), waited_, cancelled,
                          trigger(SnapshotKind::kSavepoint), waited_, cancelled));
}

TEST_F(SnapshotCommandsTest, CheckpointTriggerSpeaksFlinksWords) {
  serveSnapshots(completed("/data/chk-40"));
  const std::string words =
      "Triggering checkpoint for job " + kRunning +
      ".\nWaiting for response...\nCheckpoint 40 for "
      "job " +
      kRunning +
      " completed.\nYou can resume your program from this checkpoint with the run command.\n";
  EXPECT_EQ(run({"checkpoint", "trigger", kRunning}).out, words);
  FlinkctlProcess flink(FLINK);
  EXPECT_EQ(flink.run({"checkpoint", kRunning, "-m", jobManager_.address()}).out, words);
  EXPECT_THAT(jobManager_.calls(), ElementsAre(trigger(SnapshotKind::kCheckpoint), waited_,
                                               trigger(SnapshotKind::kCheckpoint), waited_));
}

TEST_F(SnapshotCommandsTest, DocumentsHaveThePaths) {
  serveSnapshots(completed());
  const auto document = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-o", "json"});
    const Outcome outcome = run(std::move(arguments));
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    return Json::parse(outcome.out, nullptr, false);
  };
  const std::string path = "file:" + kSavepoint;
  EXPECT_EQ(document({"savepoint", kRunning}), (Json{{"apiVersion", "flink-cpp/v1"},
                                                     {"kind", "Savepoint"},
                                                     {"job", kRunning},
                                                     {"checkpoint", 40},
                                                     {"path", path}}));
  EXPECT_EQ(document({"stop", kRunning})["savepoint"], path);
  EXPECT_EQ(document({"cancel", "-s", kRunning})["savepoint"], path);
  EXPECT_EQ(document({"checkpoint", "trigger", kRunning})["checkpoint"], 40);
}

TEST_F(SnapshotCommandsTest, ExceptionsHaveRootsAndConcurrentOnes) {
  jobManager_.serve<GetJobRequest>([](const auto& request, const auto& respond) {
    JobDetails job;
    job.overview.id = request.job;
    if (request.job == FakeJobManager::runningJob()) {
      ExceptionEntry root;
      root.failure = {"Crash", "FLINK-TM-003", "the worker died", "the worker died\n  at f()",
                      1'600'000'000'000};
      root.taskName = "Map (1/2)";
      root.taskManagerId = "localhost:1-abc";
      ExceptionEntry other;
      other.failure = {"Lost", "FLINK-NET-002", "the connection broke\nmore", "",
                       1'600'000'000'001};
      other.taskManagerId = "localhost:2-def";
      root.concurrent.push_back(other);
      job.exceptions.push_back(root);
    }
    respond(std::move(job));
  });
  jobManager_.start();
  EXPECT_EQ(run({"job", "exceptions", kRunning}).out,
            "TIME                      FAILURE     CODE           TASK         TASKMANAGER      "
            "MESSAGE\n"
            "2020-09-13T12:26:40.000Z  root        FLINK-TM-003   Map (1/2)    localhost:1-abc  "
            "the worker died\n"
            "2020-09-13T12:26:40.001Z  concurrent  FLINK-NET-002  (whole job)  localhost:2-def  "
            "the connection broke\n\n"
            "Latest root cause:\nthe worker died\n  at f()\n");
  const Json json = Json::parse(run({"job", "exceptions", kRunning, "-o", "json"}).out);
  EXPECT_EQ(json["items"][0]["task"], "Map (1/2)");
  EXPECT_EQ(json["items"][0]["concurrent"][0]["taskManager"], "localhost:2-def");
  const std::string finished = FakeJobManager::finishedJob().toHex();
  EXPECT_EQ(run({"job", "exceptions", finished}).out,
            "Job " + finished + " has had no failures.\n");
}

}  // namespace
}  // namespace flink::cli::test
