// `checkpoint list` and `describe` against a JobManager that the test plays; `checkpoint verify`
// against folders as the engine writes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "dataflow/checkpoint/report.h"
#include "fake_jobmanager.h"
#include "flinkctl_process.h"
#include "tests/dataflow/checkpoint/checkpoint_files.h"

namespace flink::cli::test {
namespace {

using namespace protocol;
using Json = nlohmann::json;
using checkpoint::SnapshotKind;
using ::testing::HasSubstr;

const std::string kRunning = FakeJobManager::runningJob().toHex();
const std::string kUnknown(32, 'e');

/// Checkpoint 3 completed with one subtask of two known, 2 failed.
checkpoint::CheckpointReport someReport(bool only) {
  checkpoint::CheckpointReport report;
  report.counts = {1, 3, 0, 2, 1};
  checkpoint::CheckpointStatistics done;
  done.id = 3;
  done.status = checkpoint::CheckpointStatus::kCompleted;
  done.triggerTimestampMs = 1'600'000'000'000;
  done.endToEndDurationMs = 15;
  done.checkpointedBytes = 100;
  done.stateBytes = 250;
  done.numSubtasks = 2;
  done.numAcknowledged = 2;
  done.externalPath = "/data/chk-3";
  if (only) {
    checkpoint::VertexStatistics vertex;
    vertex.numSubtasks = 2;
    vertex.numAcknowledged = 1;
    vertex.subtasks.resize(2);
    checkpoint::SubtaskStatistics subtask;
    subtask.ackTimestampMs = 1'600'000'000'012;
    subtask.endToEndDurationMs = 12;
    subtask.metrics.asyncDurationMs = 4;
    subtask.metrics.checkpointedBytes = 50;
    subtask.metrics.stateBytes = 125;
    vertex.subtasks[0] = subtask;
    done.vertices.push_back(vertex);
  }
  report.history.push_back(done);
  if (only) return report;
  checkpoint::CheckpointStatistics failed;
  failed.id = 2;
  failed.kind = SnapshotKind::kSavepoint;
  failed.status = checkpoint::CheckpointStatus::kFailed;
  failed.triggerTimestampMs = 1'599'999'999'000;
  failed.endToEndDurationMs = 61'000;
  failed.numSubtasks = 2;
  failed.failureMessage = "expired";
  report.history.push_back(failed);
  report.latestRestored = checkpoint::RestoredStatistics{1, SnapshotKind::kCheckpoint,
                                                         1'599'999'990'000, "/data/chk-1", 9};
  return report;
}

class CheckpointReportTest : public ::testing::Test {
 protected:
  CheckpointReportTest() {
    jobManager_.serve<GetCheckpointsRequest>([](const auto& request, const auto& respond) {
      if (request.job.toHex() == kUnknown)
        return respond(Status(ErrorCode::kJobNotFound, "job not found: job=" + kUnknown));
      if (request.checkpoint > 3)
        return respond(Status(ErrorCode::kNotFound, "no such checkpoint"));
      GetCheckpointsRequest::Response answer;
      answer.report = checkpoint::encodeReport(someReport(request.checkpoint == 3));
      respond(std::move(answer));
    });
    jobManager_.start();
  }
  Outcome run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-m", jobManager_.address()});
    return flinkctl_.run(std::move(arguments));
  }

  FakeJobManager jobManager_;
  FlinkctlProcess flinkctl_{FLINKCTL};
};

TEST_F(CheckpointReportTest, ListHasCountsAndHistory) {
  EXPECT_EQ(run({"checkpoint", "list", kRunning}).out,
            "2 completed, 1 failed, 0 in progress, 1 restored\n"
            "Restored from 1 at 2020-09-13T12:26:30.000Z: file:/data/chk-1\n\n"
            "ID  TYPE        STATUS     TRIGGERED                 DURATION    ACKNOWLEDGED  "
            "WRITTEN BYTES  STATE BYTES  PATH\n"
            " 3  CHECKPOINT  COMPLETED  2020-09-13T12:26:40.000Z  15 ms       2/2           "
            "          100          250  file:/data/chk-3\n"
            " 2  SAVEPOINT   FAILED     2020-09-13T12:26:39.000Z  1 min 01 s  0/2           "
            "            0            0  expired\n");
  const Json list = Json::parse(run({"checkpoint", "list", kRunning, "-o", "json"}).out);
  EXPECT_EQ(list["kind"], "CheckpointList");
  EXPECT_EQ(list["counts"]["failed"], 1);
  EXPECT_EQ(list["latestRestored"]["path"], "file:/data/chk-1");
  EXPECT_EQ(list["items"][0]["path"], "file:/data/chk-3");
  EXPECT_EQ(list["items"][1]["failure"], "expired");
  EXPECT_EQ(run({"checkpoint", "list", kUnknown}).exitCode, 6);
}

TEST_F(CheckpointReportTest, DescribeHasTheSubtasks) {
  EXPECT_EQ(run({"checkpoint", "describe", kRunning, "3"}).out,
            "Checkpoint    3\nType          CHECKPOINT\nStatus        COMPLETED\n"
            "Triggered     2020-09-13T12:26:40.000Z\nDuration      15 ms\nAcknowledged  2/2\n"
            "Written       100 bytes\nState         250 bytes\nPath          file:/data/chk-3\n\n"
            "VERTEX                SUBTASK  ACKNOWLEDGED              DURATION  START DELAY  "
            "ALIGNMENT  SYNC  ASYNC  WRITTEN BYTES  STATE BYTES\n"
            "Source: words -> Map        0  2020-09-13T12:26:40.012Z  12 ms     0 ms         "
            "0 ms       0 ms  4 ms   50             125\n"
            "Source: words -> Map        1  no\n");
  const Json one = Json::parse(run({"checkpoint", "describe", kRunning, "3", "-o", "json"}).out);
  EXPECT_EQ(one["vertices"][0]["name"], "Source: words -> Map");
  EXPECT_EQ(one["vertices"][0]["subtasks"][0]["stateBytes"], 125);
  EXPECT_EQ(one["vertices"][0]["subtasks"][1], (Json{{"subtask", 1}, {"acknowledged", false}}));
  EXPECT_EQ(run({"checkpoint", "describe", kRunning, "4"}).exitCode, 6);
  EXPECT_EQ(run({"checkpoint", "describe", kRunning, "0"}).exitCode, 2);
}

class CheckpointVerifyTest : public checkpoint::CheckpointFilesTest {
 protected:
  CheckpointVerifyTest() {
    const auto location = storage_->prepareSavepoint(root_ + "/sp", *rng_);
    EXPECT_TRUE(location.isOk());
    folder_ = location->directory;
    written_ = writeCheckpoint(*location, 2, SnapshotKind::kSavepoint, {false, 0});
  }
  Outcome verify(const std::string& folder) {
    return flinkctl_.run({"checkpoint", "verify", folder});
  }
  std::string folder_;
  checkpoint::CheckpointMetadata written_;
  FlinkctlProcess flinkctl_{FLINKCTL};
};

TEST_F(CheckpointVerifyTest, SoundFoldersNeedNoCluster) {
  for (const std::string& folder :
       {folder_, folder_ + "/", folder_ + "/_metadata", "file:" + folder_,
        std::filesystem::relative(folder_).string()}) {
    const Outcome outcome = verify(folder);
    EXPECT_EQ(outcome.exitCode, 0) << folder << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("Type        SAVEPOINT\nCheckpoint  2\n"));
    EXPECT_THAT(outcome.out,
                HasSubstr("Files       " + std::to_string(written_.files.size()) + "\n"));
    EXPECT_THAT(outcome.out, HasSubstr("Every byte was read: it is sound.\n"));
  }
}

TEST_F(CheckpointVerifyTest, DamagesAreListed) {
  const std::string victim = written_.files.at(0).path;
  std::string content = read(victim);
  content.back() = static_cast<char>(content.back() ^ 1);
  write(victim, content);
  const Outcome outcome = verify(folder_);
  EXPECT_EQ(outcome.exitCode, 8) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\nDamage      FLINK-CKP-001: checkpoint is damaged: file="));
  EXPECT_THAT(outcome.out, Not(HasSubstr("sound")));
  EXPECT_THAT(outcome.err,
              HasSubstr("error[FLINK-CKP-001]: 1 of " + std::to_string(written_.files.size()) +
                        " state files are damaged"));
  const Json json = Json::parse(flinkctl_.run({"checkpoint", "verify", folder_, "-o", "json"}).out);
  EXPECT_EQ(json["sound"], false);
  EXPECT_EQ(json["damages"].size(), 1U);

  const std::string metadata = folder_ + "/_metadata";
  write(metadata, read(metadata).substr(0, 30));
  EXPECT_EQ(verify(folder_).exitCode, 8);
  EXPECT_EQ(verify(root_ + "/nowhere").exitCode, 6);
}

}  // namespace
}  // namespace flink::cli::test
