#include "cluster/rest/checkpoint_views.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/error_codes.h"

namespace flink::rest {
namespace {

using checkpoint::CheckpointHistory;
using checkpoint::SnapshotKind;
using checkpoint::SubtaskMetrics;
using checkpoint::TaskPosition;
using ::testing::HasSubstr;
using Json = nlohmann::json;

const JobVertexId kSource = JobVertexId::parse(std::string(31, '0') + "a").value();
const JobVertexId kSink = JobVertexId::parse(std::string(31, '0') + "b").value();

/// A source of parallelism 1 before a sink of parallelism 2, and what became of its checkpoints.
class CheckpointViewsTest : public ::testing::Test {
 protected:
  CheckpointViewsTest() {
    topology_.vertices.resize(2);
    topology_.vertices[0].id = kSource;
    topology_.vertices[1].id = kSink;
    topology_.vertices[1].parallelism = 2;
    plan_.toTrigger = {{0, 0}};
    plan_.toWaitFor = {{0, 0}, {1, 0}, {1, 1}};
  }
  void complete(checkpoint::CheckpointId id, SnapshotKind kind, std::int64_t beganMs,
                const std::string& path) {
    history_.started(id, kind, beganMs, topology_, plan_);
    history_.acknowledged(id, {0, 0}, metrics(10, 1), beganMs + 5);
    history_.acknowledged(id, {1, 0}, metrics(20, 2), beganMs + 7);
    history_.acknowledged(id, {1, 1}, metrics(31, 4), beganMs + 9);
    history_.completed(id, path, 100);
  }
  static SubtaskMetrics metrics(std::uint64_t bytes, std::int64_t ms) {
    SubtaskMetrics metrics;
    metrics.checkpointedBytes = bytes;
    metrics.stateBytes = 2 * bytes;
    metrics.processedBytes = 3;
    metrics.syncDurationMs = ms;
    metrics.asyncDurationMs = 2 * ms;
    metrics.alignmentDurationMs = 3 * ms;
    metrics.startDelayMs = 4 * ms;
    return metrics;
  }
  checkpoint::CheckpointReport report() const {
    return *checkpoint::makeReport({}, history_, std::nullopt);
  }
  Json all() const { return Json::parse(checkpointsJson(report())); }

  checkpoint::CheckpointTopology topology_;
  checkpoint::CheckpointPlan plan_;
  CheckpointHistory history_;
};

TEST_F(CheckpointViewsTest, WithoutCheckpointsEverythingIsThereAndEmpty) {
  const Json json = all();
  EXPECT_EQ(json["counts"],
            Json::parse(R"({"restored":0,"total":0,"in_progress":0,"completed":0,"failed":0})"));
  EXPECT_EQ(json["latest"],
            Json::parse(R"({"completed":null,"savepoint":null,"failed":null,"restored":null})"));
  EXPECT_EQ(json["history"], Json::array());
  EXPECT_EQ(json["summary"]["state_size"]["max"], 0);
}

TEST_F(CheckpointViewsTest, ACompletedCheckpointTellsItsFigures) {
  complete(1, SnapshotKind::kCheckpoint, 1000, "file:/ck/chk-1");
  const Json json = all();
  const Json expected = Json::parse(R"({"className":"completed","id":1,"status":"COMPLETED",
    "is_savepoint":false,"savepointFormat":null,"trigger_timestamp":1000,
    "latest_ack_timestamp":1009,"checkpointed_size":61,"state_size":122,"end_to_end_duration":9,
    "alignment_buffered":0,"processed_data":9,"persisted_data":0,"num_subtasks":3,
    "num_acknowledged_subtasks":3,"checkpoint_type":"CHECKPOINT","tasks":{},
    "external_path":"file:/ck/chk-1","discarded":false})");
  EXPECT_EQ(json["history"][0], expected);
  EXPECT_EQ(json["latest"]["completed"], expected);
  EXPECT_EQ(json["summary"]["checkpointed_size"]["avg"], 61);
  EXPECT_EQ(json["summary"]["checkpointed_size"]["p999"], 61.0);
}

TEST_F(CheckpointViewsTest, OthersTellWhatTheyAre) {
  history_.restored({7, SnapshotKind::kSavepoint, 900, "file:/sp/savepoint-1", 5});
  complete(8, SnapshotKind::kTerminateSavepoint, 1000, "file:/sp/savepoint-2");
  history_.started(9, SnapshotKind::kCheckpoint, 2000, topology_, plan_);
  history_.failed(9, "the disk is full", 2100);
  history_.started(10, SnapshotKind::kSavepoint, 3000, topology_, plan_);
  const Json json = all();
  EXPECT_EQ(json["history"][0]["className"], "in_progress");
  EXPECT_EQ(json["history"][0]["checkpoint_type"], "SAVEPOINT");
  EXPECT_EQ(json["history"][0]["latest_ack_timestamp"], -1);
  EXPECT_EQ(json["history"][0]["end_to_end_duration"], -1);
  EXPECT_EQ(json["history"][1]["end_to_end_duration"], 100) << "until it failed";
  EXPECT_FALSE(json["history"][0].contains("external_path"));
  EXPECT_EQ(json["latest"]["failed"]["className"], "failed");
  EXPECT_EQ(json["latest"]["failed"]["failure_message"], "the disk is full");
  EXPECT_EQ(json["latest"]["failed"]["failure_timestamp"], 2100);
  EXPECT_EQ(json["latest"]["savepoint"]["savepointFormat"], "CANONICAL");
  EXPECT_EQ(json["latest"]["savepoint"]["checkpoint_type"], "SYNC_SAVEPOINT");
  EXPECT_EQ(json["latest"]["restored"],
            Json::parse(R"({"id":7,"restore_timestamp":900,"is_savepoint":true,
                            "external_path":"file:/sp/savepoint-1"})"));
}

TEST_F(CheckpointViewsTest, DetailsShowTasksAndTheirSubtasks) {
  history_.started(1, SnapshotKind::kCheckpoint, 1000, topology_, plan_);
  history_.acknowledged(1, {1, 1}, metrics(31, 4), 1009);
  const checkpoint::CheckpointStatistics& one = *history_.find(1);
  const Json details = Json::parse(checkpointDetailsJson(one));
  EXPECT_EQ(details["tasks"].size(), 2U);
  EXPECT_EQ(details["tasks"][kSource.toHex()]["end_to_end_duration"], -1);
  EXPECT_EQ(details["tasks"][kSink.toHex()],
            Json::parse(R"({"id":1,"status":"IN_PROGRESS","latest_ack_timestamp":1009,
              "checkpointed_size":31,"state_size":62,"end_to_end_duration":9,
              "alignment_buffered":0,"processed_data":3,"persisted_data":0,"num_subtasks":2,
              "num_acknowledged_subtasks":1})"));
  const Json subtasks = Json::parse(checkpointSubtasksJson(one, one.vertices[1]));
  EXPECT_EQ(subtasks["subtasks"][0],
            Json::parse(R"({"className":"pending","index":0,"status":"pending_or_failed"})"));
  EXPECT_EQ(subtasks["subtasks"][1],
            Json::parse(R"({"className":"completed","index":1,"ack_timestamp":1009,
              "end_to_end_duration":9,"checkpointed_size":31,"state_size":62,
              "checkpoint":{"sync":4,"async":8},
              "alignment":{"buffered":0,"processed":3,"persisted":0,"duration":12},
              "start_delay":16,"unaligned_checkpoint":false,"aborted":false,
              "status":"completed"})"));
  EXPECT_EQ(subtasks["summary"]["start_delay"],
            Json::parse(R"({"min":16,"max":16,"avg":16,"p50":"NaN","p90":"NaN","p95":"NaN",
                            "p99":"NaN","p999":"NaN"})"));
}

TEST_F(CheckpointViewsTest, ConfigurationIsThatOfTheJob) {
  checkpoint::ReportedSettings settings;
  settings.stateBackend = "HashMapStateBackend";
  settings.intervalMs = 2000;
  settings.retention = checkpoint::Retention::kRetainOnCancellation;
  Json json = Json::parse(checkpointConfigJson(settings));
  EXPECT_EQ(json["mode"], "exactly_once");
  EXPECT_EQ(json["interval"], 2000);
  EXPECT_EQ(json["externalization"],
            Json::parse(R"({"enabled":true,"delete_on_cancellation":false})"));
  EXPECT_EQ(json["checkpoint_storage"], "FileSystemCheckpointStorage");
  json = Json::parse(checkpointConfigJson({}));
  EXPECT_EQ(json["mode"], "at_least_once");
  EXPECT_EQ(json["interval"], 9223372036854775807);
}

TEST(OperationViewsTest, OperationsTellHowTheyStand) {
  EXPECT_EQ(triggerJson("abc"), R"({"request-id":"abc"})");
  EXPECT_EQ(operationJson(OperationPending{}),
            R"({"status":{"id":"IN_PROGRESS"},"operation":null})");
  EXPECT_EQ(operationJson(SavepointLocation{"file:/sp"}),
            R"({"status":{"id":"COMPLETED"},"operation":{"location":"file:/sp"}})");
  EXPECT_EQ(operationJson(TriggeredCheckpoint{4}),
            R"({"status":{"id":"COMPLETED"},"operation":{"checkpointId":4}})");
  EXPECT_EQ(operationJson(OperationFailure{"a.B", "a.B: why"}),
            R"({"status":{"id":"COMPLETED"},"operation":{"failure-cause":{"class":"a.B",)"
            R"("stack-trace":"a.B: why","serialized-throwable":""}}})");
}

TEST(OperationViewsTest, TriggersAreReadAndMalformedOnesRefused) {
  EXPECT_FALSE(parseSavepointTrigger("")->cancelJob);
  const auto savepoint = parseSavepointTrigger(
      R"({"target-directory":"/sp","cancel-job":true,"formatType":"CANONICAL","triggerId":"0123456789abcdef0123456789abcdef"})");
  EXPECT_EQ(savepoint->targetDirectory, "/sp");
  EXPECT_TRUE(savepoint->cancelJob);
  EXPECT_EQ(savepoint->trigger.toHex(), "0123456789abcdef0123456789abcdef");
  EXPECT_TRUE(parseStopTrigger(R"({"drain":true})")->drain);
  EXPECT_EQ(parseCheckpointTrigger(R"({"checkpointType":"FULL"})")->type,
            CheckpointTrigger::Type::kFull);
  for (const char* body :
       {"[", "[]", R"({"drain":"yes"})", R"({"targetDirectory":1})", R"({"formatType":"XML"})"}) {
    EXPECT_EQ(parseStopTrigger(body).status().code(), ErrorCode::kInvalidArgument) << body;
  }
  const Status native = parseSavepointTrigger(R"({"formatType":"NATIVE"})").status();
  EXPECT_EQ(native.code(), ErrorCode::kUnsupported);
  EXPECT_THAT(native.message(), HasSubstr("CANONICAL"));
  EXPECT_EQ(parseCheckpointTrigger(R"({"checkpointType":"SOME"})").status().code(),
            ErrorCode::kInvalidArgument);
}

// --- Flink's contract file, where it is at hand ------------------------------------------------

/// Compares values with the schemas of a contract.
class Contract {
 public:
  explicit Contract(Json calls) : calls_(std::move(calls)) { collect(calls_); }
  Json responseOf(const std::string& method, const std::string& url) const {
    for (const Json& call : calls_["calls"]) {
      if (call["method"] == method && call["url"] == url) return call["response"];
    }
    throw std::out_of_range(method + " " + url);
  }
  void check(Json schema, const Json& value, const std::string& where) const {
    if (schema.contains("$ref")) schema = byId_.at(schema["$ref"].get<std::string>());
    const std::string type = schema["type"];
    if (type == "any" || value.is_null() || value == "NaN") return;
    EXPECT_TRUE((type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
                (type == "string" && value.is_string()) ||
                (type == "integer" && value.is_number_integer()) ||
                (type == "number" && value.is_number()) ||
                (type == "boolean" && value.is_boolean()))
        << where << " is no " << type << ": " << value;
    if (schema.contains("enum")) {
      EXPECT_THAT(schema["enum"].get<std::vector<std::string>>(),
                  ::testing::Contains(value.get<std::string>()))
          << where;
    }
    if (schema.contains("items")) {
      for (const Json& item : value) check(schema["items"], item, where + "[]");
    }
    if (schema.contains("additionalProperties")) {
      for (const auto& [key, item] : value.items())
        check(schema["additionalProperties"], item, where + "." + key);
    }
    if (!schema.contains("properties")) return;
    for (const auto& [key, item] : schema["properties"].items()) {
      EXPECT_TRUE(value.contains(key)) << where << " lacks " << key;
      if (value.contains(key)) check(item, value[key], where + "." + key);
    }
  }

 private:
  void collect(const Json& node) {
    if (node.is_object() && node.contains("id") && node.contains("properties") &&
        node["id"].is_string())
      byId_[node["id"]] = node;
    if (node.is_structured()) {
      for (const auto& item : node) collect(item);
    }
  }
  Json calls_;
  std::map<std::string, Json> byId_;
};

TEST_F(CheckpointViewsTest, ShapesAreThoseOfFlinksContract) {
  const char* given = std::getenv("FLINK_REST_SNAPSHOT");
  const std::filesystem::path file = given != nullptr ? given : FLINK_DEFAULT_REST_SNAPSHOT;
  if (!std::filesystem::exists(file))
    GTEST_SKIP() << "SKIPPED: Flink's REST contract is not at " << file
                 << "; set FLINK_REST_SNAPSHOT";
  const Contract contract(Json::parse(std::ifstream(file)));
  const auto check = [&](const std::string& method, const std::string& url,
                         const std::string& body) {
    contract.check(contract.responseOf(method, url), Json::parse(body), url);
  };
  history_.restored({7, SnapshotKind::kSavepoint, 900, "file:/sp/savepoint-1", 5});
  complete(8, SnapshotKind::kSavepoint, 1000, "file:/sp/savepoint-2");
  complete(9, SnapshotKind::kCheckpoint, 1000, "file:/ck/chk-9");
  history_.started(10, SnapshotKind::kCheckpoint, 2000, topology_, plan_);
  history_.failed(10, "no", 2100);
  const std::string job = "/jobs/:jobid";
  check("GET", job + "/checkpoints", checkpointsJson(report()));
  check("GET", job + "/checkpoints/config", checkpointConfigJson({}));
  const checkpoint::CheckpointStatistics& one = *history_.find(9);
  check("GET", job + "/checkpoints/details/:checkpointid", checkpointDetailsJson(one));
  check("GET", job + "/checkpoints/details/:checkpointid/subtasks/:vertexid",
        checkpointSubtasksJson(one, one.vertices[0]));
  for (const char* url : {"/checkpoints", "/savepoints", "/stop"})
    check("POST", job + url, triggerJson("0a"));
  for (const char* url : {"/checkpoints/:triggerid", "/savepoints/:triggerid"}) {
    for (const Operation& operation :
         {Operation(OperationPending{}), Operation(SavepointLocation{"file:/sp"}),
          Operation(TriggeredCheckpoint{4}), Operation(OperationFailure{"a.B", "a.B: why"})})
      check("GET", job + url, operationJson(operation));
  }
}

}  // namespace
}  // namespace flink::rest
