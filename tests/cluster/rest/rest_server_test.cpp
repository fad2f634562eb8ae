#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cluster/rest/rest_server_fixture.h"

namespace flink::rest {
namespace {

using ::testing::HasSubstr;

TEST_F(RestServerTest, AnswersWithAndWithoutVersionPrefix) {
  start();
  for (const char* target : {"/overview", "/v1/overview"}) {
    const Answer answer = get(target);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(Json::parse(answer.body)["slots-total"], 8);
  }
}

TEST_F(RestServerTest, BackPressureFollowsFlinksThresholds) {
  start();
  const JobId id = addJob();
  const Json answer = Json::parse(
      get("/jobs/" + id.toHex() + "/vertices/000000000000000000000000000000ff/backpressure").body);
  EXPECT_EQ(answer["backpressureLevel"], "high");
  EXPECT_EQ(answer["subtasks"][0]["ratio"], 0.62);
  EXPECT_EQ(backPressureLevel(0.10), "ok");
  EXPECT_EQ(backPressureLevel(0.5), "low");
}

TEST_F(RestServerTest, CancelNeedsPatchAndAKnownMode) {
  start();
  const JobId id = addJob();
  EXPECT_EQ(request(server_->port(), "PATCH", "/jobs/" + id.toHex() + "?mode=cancel").status, 202);
  EXPECT_THAT(gateway_.cancelled, ::testing::ElementsAre(id));
  EXPECT_EQ(request(server_->port(), "PATCH", "/jobs/" + id.toHex() + "?mode=stop").status, 308);
  EXPECT_EQ(
      request(server_->port(), "PATCH", "/jobs/" + std::string(32, '0') + "?mode=cancel").status,
      404);
  EXPECT_EQ(request(server_->port(), "DELETE", "/jobs/" + id.toHex()).status, 404);
  EXPECT_EQ(gateway_.cancelled.size(), 1U);
}

TEST_F(RestServerTest, SecretsAreMasked) {
  start();
  const std::string body = get("/jobmanager/config").body;
  EXPECT_THAT(body, HasSubstr("******"));
  EXPECT_THAT(body, ::testing::Not(HasSubstr("hidden")));
}

TEST_F(RestServerTest, LogsAreReadWholeAndByListedNameOnly) {
  gateway_.logs = {{"flink-jobmanager.log", "the log of the JobManager"},
                   {"flink-jobmanager.out", "out"}};
  start();
  EXPECT_EQ(get("/jobmanager/log").body, "the log of the JobManager");
  EXPECT_EQ(get("/jobmanager/stdout").body, "out");
  EXPECT_EQ(get("/jobmanager/logs/flink-jobmanager.out").body, "out");
  EXPECT_EQ(get("/jobmanager/logs/..%2f..%2fetc%2fpasswd").status, 404);
}

TEST_F(RestServerTest, UploadedLibraryRunsPlansAndGoes) {
  start();
  const std::string id = upload("../../WordCount.so", "binary\0content");
  EXPECT_THAT(id, ::testing::EndsWith("_WordCount.so"));
  EXPECT_EQ(Json::parse(get("/jars").body)["files"][0]["id"], id);
  EXPECT_EQ(Json::parse(get("/jars").body)["files"][0]["entry"],
            Json::parse(R"([{"name":"First","description":null},
                            {"name":"Second","description":null}])"));
  EXPECT_EQ(runner_.read.size(), 1U) << "a library is read once";

  const Answer plan = get("/jars/" + id + "/plan?programArg=--input,a.txt&parallelism=3");
  EXPECT_EQ(Json::parse(plan.body)["plan"]["name"], "planned");
  EXPECT_THAT(runner_.last.arguments, ::testing::ElementsAre("--input", "a.txt"));
  EXPECT_EQ(runner_.last.parallelism, 3);

  const Answer run =
      request(server_->port(), "POST", "/jars/" + id + "/run",
              R"({"programArgsList":["--x","1"],"entryClass":"Second","parallelism":2})");
  EXPECT_EQ(Json::parse(run.body)["jobid"], "0000000000000000000000000000000a");
  EXPECT_EQ(runner_.last.entryClass, "Second");

  EXPECT_EQ(request(server_->port(), "POST", "/jars/" + id + "/run", "[1").status, 400);
  EXPECT_EQ(
      request(server_->port(), "POST", "/jars/" + id + "/run", R"({"parallelism":"two"})").status,
      400);
  EXPECT_EQ(request(server_->port(), "POST", "/jars/..%2f..%2fetc%2fpasswd/run").status, 404);
  EXPECT_EQ(request(server_->port(), "DELETE", "/jars/" + id).status, 200);
  EXPECT_EQ(request(server_->port(), "DELETE", "/jars/" + id).status, 400);
}

TEST_F(RestServerTest, MalformedUploadsAreRefused) {
  start();
  for (const char* body :
       {"", "--b", "--b\r\n\r\n",
        "--b\r\nContent-Disposition: form-data; filename=\"a.so\"\r\n\r\nx",
        "--b\r\nContent-Disposition: form-data; filename=\"a.txt\"\r\n\r\nx\r\n--b--"}) {
    EXPECT_EQ(
        request(server_->port(), "POST", "/jars/upload", body, "multipart/form-data; boundary=b")
            .status,
        400)
        << body;
  }
  EXPECT_EQ(request(server_->port(), "POST", "/jars/upload", "{}").status, 400);
}

TEST_F(RestServerTest, AggregatesMetricsOverChosenSubtasks) {
  gateway_.metrics = {{0, {{"numRecordsIn", "10"}, {"name", "text"}}},
                      {1, {{"numRecordsIn", "30"}}}};
  start();
  const std::string base =
      "/jobs/" + addJob().toHex() + "/vertices/000000000000000000000000000000ff";
  const Json all = Json::parse(get(base + "/subtasks/metrics?get=numRecordsIn").body);
  EXPECT_EQ(
      all,
      Json::parse(
          R"([{"id":"numRecordsIn","min":10.0,"max":30.0,"avg":20.0,"sum":40.0,"skew":50.0}])"));
  EXPECT_EQ(Json::parse(
                get(base + "/subtasks/metrics?get=numRecordsIn&agg=sum&subtasks=1").body)[0]["sum"],
            30.0);
  EXPECT_EQ(Json::parse(get(base + "/metrics?get=1.numRecordsIn,unknown").body),
            Json::parse(R"([{"id":"1.numRecordsIn","value":"30"}])"));
  EXPECT_EQ(get(base + "/subtasks/metrics?get=numRecordsIn&subtasks=9-1").status, 400);
  EXPECT_EQ(Json::parse(get(base + "/subtasks/0/metrics?get=name").body)[0]["value"], "text");
}

}  // namespace
}  // namespace flink::rest
