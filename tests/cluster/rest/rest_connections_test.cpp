// How the server listens, and how it treats connections.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/cluster/rest/rest_server_fixture.h"

namespace flink::rest {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using RestConnectionsTest = RestServerTest;

TEST_F(RestConnectionsTest, SeveralRequestsShareAConnection) {
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

TEST_F(RestConnectionsTest, LimitsAreKeptAndTheServerLivesOn) {
  start();
  EXPECT_EQ(request(server_->port(), "POST", "/jars/upload", std::string(5000, 'x')).status, 413);
  EXPECT_EQ(request(server_->port(), "GET", "/" + std::string(4000, 'a')).status, 431);
  EXPECT_THAT(exchangeBytes(server_->port(), "\x01\x02 garbage\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(get("/jobs/%zz").status, 400);
  EXPECT_EQ(get("/overview").status, 200);
}

TEST_F(RestConnectionsTest, SlowRequestsAreAnsweredWithATimeout) {
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

TEST_F(RestConnectionsTest, LargeBodiesAreBoundedTogether) {
  settings_.maxBodyBytes = 1U << 20;
  settings_.requestTimeout = std::chrono::hours(1);
  start();
  const std::string large = "POST /jars/upload HTTP/1.1\r\nContent-Length: 1048576\r\n\r\nbegin";
  const std::string unknown = "POST /jars/upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::vector<HeldConnection> held;
  for (int i = 0; i < 4; ++i) {
    held.emplace_back(server_->port());
    held.back().send(i % 2 == 0 ? large : unknown);
  }
  const auto upload = [&] {
    return exchangeBytes(server_->port(),
                         "POST /jars/upload HTTP/1.1\r\nConnection: close\r\n"
                         "Content-Length: 900000\r\n\r\n" +
                             std::string(900000, 'x'))
        .substr(0, 12);
  };
  while (upload() != "HTTP/1.1 503") {  // until the server has read what the four announce
  }
  EXPECT_EQ(request(server_->port(), "POST", "/jars/upload", std::string(5000, 'x')).status, 400);
  held.clear();
  while (upload() != "HTTP/1.1 400") {  // until it has seen them go
  }
}

TEST_F(RestConnectionsTest, OnlyUploadsMayHaveLargeBodies) {
  settings_.maxBodyBytes = 8U << 20;
  settings_.requestTimeout = std::chrono::hours(1);
  start();
  for (const char* target :
       {"/jars/a/run", "/jars/a/plan", "/v1/jars/a/run", "/jobs", "/nothing"}) {
    const std::string head = std::string("POST ") + target + " HTTP/1.1\r\n";
    for (const char* body :
         {"Content-Length: 2000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n200000\r\n"}) {
      const std::string answer = exchangeBytes(server_->port(), head + body);
      EXPECT_THAT(answer, StartsWith("HTTP/1.1 413")) << head << body;
      EXPECT_THAT(answer, HasSubstr("at most 1048576 bytes")) << head << body;
    }
  }
  EXPECT_EQ(request(server_->port(), "POST", "/jars/upload", std::string(2000000, 'x')).status,
            400);
}

TEST_F(RestConnectionsTest, SwitchedOffSubmissionReadsNoBody) {
  settings_.dashboard.submitEnabled = false;
  settings_.requestTimeout = std::chrono::hours(1);
  start();
  for (const char* target : {"/jars/upload", "/jars/a/run", "/jars/a/plan"}) {
    EXPECT_THAT(exchangeBytes(server_->port(), std::string("POST ") + target +
                                                   " HTTP/1.1\r\nContent-Length: 4000\r\n\r\n"),
                StartsWith("HTTP/1.1 403"));
    EXPECT_EQ(request(server_->port(), "POST", target).status, 403);
  }
}

TEST_F(RestConnectionsTest, LogDownloadsAreBoundedTogether) {
  gateway_.logs = {{"small.log", "text"}};
  gateway_.endlessLog = "endless.log";
  start();
  const auto download = [&](const std::string& name) { return get("/jobmanager/logs/" + name); };
  EXPECT_EQ(download("endless.log").status, 504);
  EXPECT_EQ(download("endless.log").status, 504);
  const Answer refused = download("endless.log");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("too many logs are being downloaded"));
  gateway_.readingLogs.clear();
  EXPECT_EQ(download("small.log").body, "text");
  EXPECT_EQ(download("endless.log").status, 504);
}

TEST_F(RestConnectionsTest, HalfOpenConnectionsDoNotKeepOthersOut) {
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

TEST_F(RestConnectionsTest, IdleConnectionsMakeRoomAndBusyOnesDoNot) {
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

TEST_F(RestConnectionsTest, SilentClusterIsAGatewayTimeout) {
  gateway_.silent = true;
  start();
  EXPECT_EQ(get("/overview").status, 504);
  EXPECT_EQ(get("/jobs").status, 200);
}

TEST_F(RestConnectionsTest, OtherThanLoopbackIsRefused) {
  settings_.bindAddress = "0.0.0.0";
  const auto server = RestServer::start(settings_, services());
  EXPECT_EQ(server.status().code(), ErrorCode::kBindRefused);
}

TEST_F(RestConnectionsTest, UsedPortIsNamedAndAListGoesOn) {
  start();
  settings_.ports = {server_->port()};
  const auto second = RestServer::start(settings_, services());
  EXPECT_EQ(second.status().code(), ErrorCode::kPortInUse);
  EXPECT_THAT(second.status().message(), HasSubstr(std::to_string(server_->port())));
  EXPECT_THAT(second.status().message(), HasSubstr("(" + std::to_string(::getpid()) + ")"));
  // A list goes on where it says, not at the next number.
  settings_.ports = {server_->port(), server_->port(), 0};
  const auto third = RestServer::start(settings_, services());
  ASSERT_TRUE(third) << third.status().toString();
  EXPECT_NE((*third)->port(), server_->port());
}

TEST_F(RestConnectionsTest, SystemWithoutDescriptorsIsAnError) {
  rlimit saved{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &saved), 0);
  const OwnedFd next(::dup(0));
  int refused = 0;
  for (rlim_t more = 0; more < 6; ++more) {
    rlimit few = saved;
    few.rlim_cur = static_cast<rlim_t>(next.get()) + 1 + more;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    const auto server = RestServer::start(settings_, services());
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &saved), 0);
    if (server.isOk()) continue;
    EXPECT_EQ(server.status().code(), ErrorCode::kBindRefused) << server.status().toString();
    ++refused;
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace flink::rest
