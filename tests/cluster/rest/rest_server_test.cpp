#include "cluster/rest/rest_server.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/fs/local_file_system.h"
#include "tests/cluster/rest/fake_gateway.h"
#include "tests/cluster/rest/http_client.h"

namespace flink::rest {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

class RecordingJarRunner final : public JarRunner {
 public:
  std::vector<std::string> entries(const std::string& path) override {
    read.push_back(path);
    return {"First", "Second"};
  }
  void plan(JarRunRequest request, std::function<void(Result<protocol::JobGraph>)> done) override {
    last = std::move(request);
    protocol::JobGraph graph;
    graph.name = "planned";
    graph.planJson = R"({"type":"STREAMING","nodes":[]})";
    done(std::move(graph));
  }
  void run(JarRunRequest request, std::function<void(Result<JobId>)> done) override {
    last = std::move(request);
    done(JobId::parse("0000000000000000000000000000000a").value());
  }
  JarRunRequest last;
  std::vector<std::string> read;  ///< whose entries were asked for
};

class RestServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() /
                 ("rest-test-" + Id<struct TestTag>::random(*rng_).toHex());
    settings_.ports = {0};
    settings_.uploadDirectory = directory_.string();
    settings_.maxBodyBytes = 4096;
    settings_.maxHeaderBytes = 2048;
    settings_.requestTimeout = std::chrono::milliseconds(300);
    settings_.configuration = {{"rest.port", "0"}, {"some.password", "hidden"}};
  }
  void TearDown() override {
    if (server_) server_->stop();
    std::filesystem::remove_all(directory_);
  }
  void start() {
    auto server =
        RestServer::start(settings_, {&gateway_, &runner_, files_.get(), &clock_, rng_.get()});
    ASSERT_TRUE(server.isOk()) << server.status().toString();
    server_ = std::move(*server);
  }
  Answer get(const std::string& target) { return request(server_->port(), "GET", target); }
  JobId addJob() {
    const JobId id = JobId::parse("0123456789abcdef0123456789abcdef").value();
    protocol::JobDetails job;
    job.overview.id = id;
    job.overview.name = "job";
    job.nowMs = 1000;
    job.planJson = R"({"type":"STREAMING","nodes":[]})";
    protocol::VertexView vertex;
    vertex.id = JobVertexId::parse("000000000000000000000000000000ff").value();
    vertex.name = "Source";
    vertex.parallelism = 1;
    vertex.subtasks.resize(1);
    vertex.subtasks[0].state = protocol::ExecutionState::kRunning;
    vertex.subtasks[0].io.backPressuredMsPerSecond = 620;
    job.vertices.push_back(vertex);
    gateway_.jobs[id] = job;
    return id;
  }
  std::string upload(const std::string& name, const std::string& content) {
    const std::string body =
        "--b\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"" + name +
        "\"\r\nContent-Type: application/x-java-archive\r\n\r\n" + content + "\r\n--b--\r\n";
    const Answer answer =
        request(server_->port(), "POST", "/jars/upload", body, "multipart/form-data; boundary=b");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return std::filesystem::path(Json::parse(answer.body)["filename"].get<std::string>())
        .filename();
  }

  std::unique_ptr<Rng> rng_ = makeSystemRng();
  std::unique_ptr<FileSystem> files_ = fs::makeLocalFileSystem();
  SystemClock clock_;
  FakeGateway gateway_;
  RecordingJarRunner runner_;
  RestSettings settings_;
  std::filesystem::path directory_;
  std::unique_ptr<RestServer> server_;
};

TEST_F(RestServerTest, AnswersWithAndWithoutVersionPrefix) {
  start();
  for (const char* target : {"/overview", "/v1/overview"}) {
    const Answer answer = get(target);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(Json::parse(answer.body)["slots-total"], 8);
  }
}

TEST_F(RestServerTest, SeveralRequestsShareAConnection) {
  start();
  const std::string one = "GET /overview HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string last = "GET /jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  const std::string answers = exchangeBytes(server_->port(), one + one + last);
  EXPECT_THAT(answers, HasSubstr("{\"jobs\":[]}"));
  std::size_t count = 0;
  for (std::size_t at = 0; (at = answers.find("HTTP/1.1 200", at)) != std::string::npos; ++at)
    ++count;
  EXPECT_EQ(count, 3U);
}

TEST_F(RestServerTest, UnknownPathAndUnknownJobSpeakFlinksWords) {
  start();
  EXPECT_EQ(get("/nothing/here").status, 404);
  EXPECT_EQ(get("/nothing/here").body,
            R"({"errors":["Unable to load requested file /nothing/here."]})");
  const Answer malformed = get("/jobs/zzzz");
  EXPECT_EQ(malformed.status, 400);
  EXPECT_THAT(malformed.body, HasSubstr("Cannot resolve path parameter (jobid) from value"));
  const Answer unknown = get("/jobs/00000000000000000000000000000000");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(unknown.body, HasSubstr("Job 00000000000000000000000000000000 not found"));
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
  EXPECT_EQ(request(server_->port(), "PATCH", "/jobs/" + id.toHex() + "?mode=stop").status, 405);
  EXPECT_EQ(
      request(server_->port(), "PATCH", "/jobs/" + std::string(32, '0') + "?mode=cancel").status,
      404);
  EXPECT_EQ(request(server_->port(), "DELETE", "/jobs/" + id.toHex()).status, 404);
  EXPECT_EQ(gateway_.cancelled.size(), 1U);
}

TEST_F(RestServerTest, LimitsAreKeptAndTheServerLivesOn) {
  start();
  EXPECT_EQ(request(server_->port(), "POST", "/jars/upload", std::string(5000, 'x')).status, 413);
  EXPECT_EQ(request(server_->port(), "GET", "/" + std::string(4000, 'a')).status, 431);
  EXPECT_THAT(exchangeBytes(server_->port(), "\x01\x02 garbage\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(get("/jobs/%zz").status, 400);
  EXPECT_EQ(get("/overview").status, 200);
}

TEST_F(RestServerTest, SlowRequestsAreAnsweredWithATimeout) {
  start();
  for (const char* begin : {"GET /over", "GET /overview HTTP/1.1\r\nX: ",
                            "POST /jars/upload HTTP/1.1\r\nContent-Length: 4000\r\n\r\n"}) {
    HeldConnection slow(server_->port());
    slow.send(begin);
    const std::string answer = slow.dripUntilAnswered("a");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 408")) << begin;
    EXPECT_THAT(answer, HasSubstr("\"errors\":[")) << begin;
    EXPECT_THAT(answer, HasSubstr("rest.request-timeout=300 ms")) << begin;
  }
  EXPECT_EQ(get("/overview").status, 200);
}

TEST_F(RestServerTest, HalfOpenConnectionsDoNotKeepOthersOut) {
  settings_.requestTimeout = std::chrono::hours(1);
  settings_.idleTimeout = std::chrono::hours(1);
  settings_.maxConnections = 16;
  start();
  std::vector<HeldConnection> held;
  for (int i = 0; i < 3 * settings_.maxConnections; ++i) {
    held.emplace_back(server_->port());
    if (i % 2 == 0) held.back().send("GET /overview HT");
  }
  EXPECT_EQ(get("/overview").status, 200);
}

TEST_F(RestServerTest, IdleConnectionsMakeRoomAndBusyOnesDoNot) {
  gateway_.silent = true;
  settings_.maxConnections = 2;
  settings_.requestTimeout = std::chrono::seconds(2);
  start();
  HeldConnection busy(server_->port());
  busy.send("GET /overview HTTP/1.1\r\nConnection: close\r\n\r\n");
  for (int i = 0; i < 5; ++i) {
    HeldConnection idle(server_->port());
    idle.send("GET /jobs HTTP/1.1\r\n\r\n");
    EXPECT_EQ(get("/jobs").status, 200);
  }
  EXPECT_THAT(busy.dripUntilAnswered(""), StartsWith("HTTP/1.1 504"));
}

TEST_F(RestServerTest, SilentClusterIsAGatewayTimeout) {
  gateway_.silent = true;
  start();
  EXPECT_EQ(get("/overview").status, 504);
  EXPECT_EQ(get("/jobs").status, 200);
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
  EXPECT_EQ(request(server_->port(), "DELETE", "/jars/" + id).status, 404);
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

TEST_F(RestServerTest, OtherThanLoopbackIsRefused) {
  settings_.bindAddress = "0.0.0.0";
  const auto server =
      RestServer::start(settings_, {&gateway_, &runner_, files_.get(), &clock_, rng_.get()});
  EXPECT_EQ(server.status().code(), ErrorCode::kBindRefused);
}

TEST_F(RestServerTest, UsedPortIsNamedAndAListGoesOn) {
  start();
  settings_.ports = {server_->port()};
  const RestServices services{&gateway_, &runner_, files_.get(), &clock_, rng_.get()};
  const auto second = RestServer::start(settings_, services);
  EXPECT_EQ(second.status().code(), ErrorCode::kPortInUse);
  EXPECT_THAT(second.status().message(), HasSubstr(std::to_string(server_->port())));
  EXPECT_THAT(second.status().message(), HasSubstr("(" + std::to_string(::getpid()) + ")"));
  // A list goes on where it says, not at the next number.
  settings_.ports = {server_->port(), server_->port(), 0};
  const auto third = RestServer::start(settings_, services);
  ASSERT_TRUE(third) << third.status().toString();
  EXPECT_NE((*third)->port(), server_->port());
}

TEST_F(RestServerTest, SystemWithoutDescriptorsIsAnError) {
  const RestServices services{&gateway_, &runner_, files_.get(), &clock_, rng_.get()};
  rlimit saved{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &saved), 0);
  const OwnedFd next(::dup(0));
  int refused = 0;
  for (rlim_t more = 0; more < 6; ++more) {
    rlimit few = saved;
    few.rlim_cur = static_cast<rlim_t>(next.get()) + 1 + more;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    const auto server = RestServer::start(settings_, services);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &saved), 0);
    if (server.isOk()) continue;
    EXPECT_EQ(server.status().code(), ErrorCode::kBindRefused) << server.status().toString();
    ++refused;
  }
  EXPECT_GT(refused, 0);
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
