#include <gmock/gmock.h>

#include "tests/cluster/rest/rest_server_fixture.h"

namespace flink::rest {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class CheckpointRoutesTest : public RestServerTest {
 protected:
  void SetUp() override {
    RestServerTest::SetUp();
    start();
    path_ = "/jobs/" + addJob().toHex();
  }
  Answer post(const std::string& target, const std::string& body) {
    return request(server_->port(), "POST", path_ + target, body);
  }
  std::string path_;
};

TEST_F(CheckpointRoutesTest, CheckpointsOfAJobAreShown) {
  gateway_.checkpoints.counts.completed = 3;
  checkpoint::CheckpointStatistics latest;
  latest.id = 7;
  latest.status = checkpoint::CheckpointStatus::kCompleted;
  gateway_.checkpoints.history = {latest};
  gateway_.checkpoints.settings.intervalMs = 5'000;
  const Json body = Json::parse(get(path_ + "/checkpoints").body);
  EXPECT_EQ(body["counts"]["completed"], 3);
  EXPECT_EQ(body["history"][0]["id"], 7);
  EXPECT_EQ(Json::parse(get(path_ + "/checkpoints/config").body)["interval"], 5'000);
  EXPECT_EQ(Json::parse(get(path_ + "/checkpoints/details/7").body)["id"], 7);
  EXPECT_EQ(get(path_ + "/checkpoints/details/seven").status, 400);
  EXPECT_EQ(get("/jobs/00000000000000000000000000000000/checkpoints").status, 404);
}

TEST_F(CheckpointRoutesTest, SavepointIsTriggeredAndAskedAbout) {
  const Answer triggered = post("/savepoints", R"({"target-directory":"/saved"})");
  EXPECT_EQ(triggered.status, 202);
  const std::string id = Json::parse(triggered.body)["request-id"];
  ASSERT_THAT(gateway_.snapshots, SizeIs(1));
  EXPECT_EQ(gateway_.snapshots[0].target, "/saved");
  EXPECT_EQ(Json::parse(get(path_ + "/savepoints/" + id).body)["status"]["id"], "IN_PROGRESS");
  gateway_.snapshotOutcome.completed = true;
  gateway_.snapshotOutcome.path = "/saved/savepoint-1";
  const Json done = Json::parse(get(path_ + "/savepoints/" + id).body);
  EXPECT_EQ(done["status"]["id"], "COMPLETED");
  EXPECT_THAT(done["operation"]["location"].dump(), HasSubstr("/saved/savepoint-1"));
  EXPECT_EQ(get(path_ + "/savepoints/ffffffffffffffffffffffffffffffff").status, 404);
}

TEST_F(CheckpointRoutesTest, CancelJobEndsTheJobOnceItIsSaved) {
  gateway_.snapshotOutcome.completed = true;
  EXPECT_EQ(post("/savepoints", R"({"cancel-job":true})").status, 202);
  EXPECT_THAT(gateway_.cancelled, SizeIs(1));
}

TEST_F(CheckpointRoutesTest, FailedSavepointDoesNotCancel) {
  gateway_.snapshotOutcome.completed = true;
  gateway_.snapshotOutcome.failure = protocol::FailureInfo{"x.Y", "FLINK-CKP-003", "full", "", 1};
  EXPECT_EQ(post("/savepoints", R"({"cancel-job":true})").status, 202);
  EXPECT_THAT(gateway_.cancelled, SizeIs(0));
}

TEST_F(CheckpointRoutesTest, StopAsksForASavepointThatEndsTheJob) {
  EXPECT_EQ(post("/stop", R"({"drain":true})").status, 202);
  EXPECT_EQ(post("/stop", "{}").status, 202);
  ASSERT_THAT(gateway_.snapshots, SizeIs(2));
  EXPECT_EQ(gateway_.snapshots[0].kind,
            static_cast<std::int32_t>(checkpoint::SnapshotKind::kTerminateSavepoint));
  EXPECT_EQ(gateway_.snapshots[1].kind,
            static_cast<std::int32_t>(checkpoint::SnapshotKind::kSuspendSavepoint));
}

TEST_F(CheckpointRoutesTest, TriggerIdsMayBeChosen) {
  const std::string body = R"({"triggerId":"0123456789abcdef0123456789abcdef"})";
  for (const char* target : {"/checkpoints", "/savepoints", "/stop"}) {
    EXPECT_EQ(post(target, body).status, 202) << target;
    EXPECT_EQ(gateway_.snapshots.back().trigger.toHex(), "0123456789abcdef0123456789abcdef");
  }
  EXPECT_EQ(post("/checkpoints", "").status, 202);
  EXPECT_TRUE(gateway_.snapshots.back().trigger.isZero());
}

TEST_F(CheckpointRoutesTest, SavepointsAreDisposedOf) {
  const auto disposal = [this](const std::string& body) {
    return request(server_->port(), "POST", "/savepoint-disposal", body);
  };
  const auto operation = [&](const std::string& id) {
    return Json::parse(get("/savepoint-disposal/" + id).body);
  };
  const Answer done = disposal(R"({"savepoint-path":"/saved/savepoint-1"})");
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(gateway_.disposed, "/saved/savepoint-1");
  const std::string id = Json::parse(done.body)["request-id"];
  EXPECT_EQ(operation(id).dump(), R"({"operation":{},"status":{"id":"COMPLETED"}})");
  gateway_.disposeFailure = Status(ErrorCode::kNotFound, "no savepoint");
  const std::string failed = Json::parse(disposal(R"({"savepoint-path":"/x"})").body)["request-id"];
  EXPECT_THAT(operation(failed)["operation"]["failure-cause"]["stack-trace"].dump(),
              HasSubstr("no savepoint"));
  EXPECT_EQ(disposal("{}").status, 400);
  EXPECT_EQ(get("/savepoint-disposal/ffffffffffffffffffffffffffffffff").status, 404);
  EXPECT_EQ(get("/savepoint-disposal/x").status, 400);
}

TEST_F(CheckpointRoutesTest, MalformedBodiesAreRefused) {
  EXPECT_EQ(post("/checkpoints", R"({"triggerId":"0123"})").status, 400);
  EXPECT_EQ(post("/stop", R"({"drain":"yes"})").status, 400);
  EXPECT_THAT(gateway_.snapshots, SizeIs(0));
}

}  // namespace
}  // namespace flink::rest
