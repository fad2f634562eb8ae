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

TEST_F(RestServerTest, LibrariesStartFromSavepoints) {
  start();
  const std::string run = "/jars/" + upload("WordCount.so", "content") + "/run";
  const auto post = [&](const std::string& query, const std::string& body) {
    runner_.last = {};
    return request(server_->port(), "POST", run + query, body).status;
  };
  using Configuration = std::map<std::string, std::string>;
  EXPECT_EQ(post("", R"({"savepointPath":"/tmp/savepoint-1","restoreMode":"NO_CLAIM",
                         "flinkConfiguration":{"a":"b"}})"),
            200);
  EXPECT_EQ(runner_.last.configuration,
            (Configuration{{"a", "b"}, {"execution.state-recovery.path", "/tmp/savepoint-1"}}));
  EXPECT_EQ(post("?savepointPath=/tmp/savepoint-2&allowNonRestoredState=true", ""), 200);
  EXPECT_EQ(runner_.last.configuration,
            (Configuration{{"execution.state-recovery.path", "/tmp/savepoint-2"},
                           {"execution.state-recovery.ignore-unclaimed-state", "true"}}));
  EXPECT_EQ(post("?allowNonRestoredState=true",
                 R"({"savepointPath":"/tmp/savepoint-3","allowNonRestoredState":false})"),
            200);
  EXPECT_EQ(runner_.last.configuration,
            (Configuration{{"execution.state-recovery.path", "/tmp/savepoint-3"}}));
  EXPECT_EQ(post("", R"({"savepointPath":"/tmp/savepoint-1","claimMode":"CLAIM"})"), 400);
  EXPECT_EQ(post("", R"({"savepointPath":"/tmp/savepoint-1","restoreMode":"LEGACY"})"), 400);
  EXPECT_EQ(post("", R"({"jobId":"0000000000000000000000000000000b"})"), 400);
  EXPECT_EQ(post("?allowNonRestoredState=perhaps", ""), 400);
  EXPECT_EQ(runner_.last.path, "");
}

/// Tells on which thread it was asked.
class WatchedRng final : public Rng {
 public:
  std::uint64_t next() override {
    calledOn = std::this_thread::get_id();
    return real_->next();
  }
  std::thread::id calledOn;

 private:
  std::unique_ptr<Rng> real_ = makeSystemRng();
};

TEST_F(RestServerTest, ServersThreadLeavesFilesToOthers) {
  auto watched = std::make_unique<WatchedRng>();
  const WatchedRng& rng = *watched;
  rng_ = std::move(watched);
  start();
  EXPECT_EQ(get("/jobs").status, 200);
  const std::thread::id server = gateway_.calledOn;
  ASSERT_NE(server, std::thread::id());
  const std::string id = upload("WordCount.so", "content");
  EXPECT_NE(rng.calledOn, std::thread::id());
  EXPECT_NE(rng.calledOn, server);
  EXPECT_EQ(get("/jars").status, 200);
  EXPECT_NE(runner_.calledOn, std::thread::id());
  EXPECT_NE(runner_.calledOn, server);
  runner_.calledOn = {};
  EXPECT_EQ(request(server_->port(), "POST", "/jars/" + id + "/run").status, 200);
  EXPECT_NE(runner_.calledOn, std::thread::id());
  EXPECT_NE(runner_.calledOn, server);
}

TEST_F(RestServerTest, UnfinishedUploadsAreNotListed) {
  start();
  ASSERT_TRUE(
      (*files_->openWrite(directory_.string() + "/part-01234567-0123-0123-0123-0123456789ab"))
          ->close()
          .isOk());
  const std::string id = upload("WordCount.so", "content");
  const Json jars = Json::parse(get("/jars").body)["files"];
  ASSERT_EQ(jars.size(), 1U);
  EXPECT_EQ(jars[0]["id"], id);
}

TEST_F(RestServerTest, SubtasksMayBeNamedManyTimesOver) {
  SubtaskChoice choice;
  EXPECT_TRUE(choice.contains(7));
  choice.add(5, 7);
  choice.add(20, 20);
  choice.add(7, 9);
  choice.add(1, 2);
  for (const auto& [subtask, chosen] : std::map<int, bool>{{0, false},
                                                           {1, true},
                                                           {2, true},
                                                           {3, false},
                                                           {4, false},
                                                           {5, true},
                                                           {8, true},
                                                           {9, true},
                                                           {10, false},
                                                           {19, false},
                                                           {20, true},
                                                           {21, false}}) {
    EXPECT_EQ(choice.contains(subtask), chosen) << subtask;
  }
  choice.add(0, 32768);
  EXPECT_TRUE(choice.contains(10));
  gateway_.metrics = {{3, {{"numRecordsIn", "10"}}}};
  settings_.maxHeaderBytes = 16U << 10;
  start();
  std::string target = "/jobs/" + addJob().toHex() +
                       "/vertices/000000000000000000000000000000ff/subtasks/metrics"
                       "?get=numRecordsIn&subtasks=0-32768";
  while (target.size() < 16000) target += ",0-32768";
  EXPECT_EQ(Json::parse(get(target).body)[0]["sum"], 10.0);
}

TEST_F(RestServerTest, JobsTellTheirRestartStrategy) {
  start();
  const JobId id = addJob();
  const auto strategyOf = [&](std::map<std::string, std::string> configuration) {
    gateway_.jobs[id].configuration = std::move(configuration);
    return Json::parse(
               get("/jobs/" + id.toHex() + "/config").body)["execution-config"]["restart-strategy"]
        .get<std::string>();
  };
  EXPECT_EQ(strategyOf({}), "Cluster level default restart strategy");
  EXPECT_EQ(strategyOf({{"restart-strategy.type", "none"}}), "Restart deactivated.");
  EXPECT_EQ(strategyOf({{"restart-strategy.type", "fixed-delay"},
                        {"restart-strategy.fixed-delay.attempts", "3"},
                        {"restart-strategy.fixed-delay.delay", "10 s"}}),
            "Restart with fixed delay (PT10S). #3 restart attempts.");
  EXPECT_EQ(strategyOf({{"restart-strategy", "FailureRate"},
                        {"restart-strategy.failure-rate.max-failures-per-interval", "5"},
                        {"restart-strategy.failure-rate.delay", "1500 ms"}}),
            "Failure rate restart with maximum of 5 failures within interval PT1M and fixed delay "
            "PT1.5S.");
  EXPECT_EQ(
      strategyOf({{"restart-strategy.type", "exponential-delay"},
                  {"restart-strategy.exponential-delay.max-backoff", "90 s"}}),
      "Restart with exponential delay: starting at PT1S, increasing by 1.500000, with maximum "
      "PT1M30S. Delay resets after PT1H with jitter 0.100000");
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
