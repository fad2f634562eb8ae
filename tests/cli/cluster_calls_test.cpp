// flinkctl against a JobManager that the test plays: errors with their exit codes, deadlines, forms
// of the output.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "fake_jobmanager.h"
#include "flinkctl_process.h"

namespace flink::cli::test {
namespace {

using namespace protocol;
using Json = nlohmann::json;
using control::test::Eventually;
using testing::HasSubstr;

const std::string kRunning = FakeJobManager::runningJob().toHex();
const std::string kFinished = FakeJobManager::finishedJob().toHex();
const std::string kUnknown(32, 'e');

class ClusterCallsTest : public testing::Test {
 protected:
  Outcome run(std::vector<std::string> arguments, const std::string& address = {}) {
    arguments.insert(arguments.end(), {"-m", address.empty() ? jobManager_.address() : address});
    return flinkctl_.run(std::move(arguments));
  }

  FakeJobManager jobManager_;
  FlinkctlProcess flinkctl_{FLINKCTL};
};

TEST_F(ClusterCallsTest, UnknownJobIsNotFound) {
  jobManager_.start();
  for (const std::vector<std::string>& verb :
       {std::vector<std::string>{"cancel"}, {"wait"}, {"job", "describe"}}) {
    std::vector<std::string> arguments = verb;
    arguments.push_back(kUnknown);
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exitCode, 6) << verb.back() << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("FLINK-JOB-001"));
    EXPECT_THAT(outcome.err, HasSubstr(kUnknown));
    EXPECT_THAT(outcome.err, HasSubstr("fix: `flinkctl list -a` shows what exists"));
  }
  const Outcome outcome = run({"logs", kUnknown});
  EXPECT_EQ(outcome.exitCode, 6) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(kUnknown));
}

TEST_F(ClusterCallsTest, SilentTaskManagerKeepsNobodyFromTheOtherLogs) {
  jobManager_.serve<ListLogsRequest>([](const auto& request, const auto& respond) {
    if (request.process != "jobmanager")
      return respond(Status(ErrorCode::kUnavailable, "the TaskManager does not answer"));
    respond(ListLogsRequest::Response{{{"jobmanager.log", 16, 1'600'000'000'000}}});
  });
  jobManager_.start();
  const Outcome listed = run({"logs"});
  EXPECT_EQ(listed.exitCode, 0) << listed.err;
  EXPECT_THAT(listed.out, HasSubstr("jobmanager.log"));
  EXPECT_THAT(listed.err, HasSubstr("warning: logs of localhost:1-abc cannot be read: "));
  EXPECT_THAT(listed.err, HasSubstr("the TaskManager does not answer"));
  EXPECT_EQ(run({"logs", "jobmanager"}).out, "jobmanager said\n");
}

/// A log that is rotated after its second reading, and whose process goes away in the end.
class RotatedLogTest : public ClusterCallsTest, public testing::WithParamInterface<bool> {
 protected:
  RotatedLogTest() {
    jobManager_.serve<ReadLogRequest>([this](const auto& request, const auto& respond) {
      ++numReads_;
      if (numReads_ == 9) return respond(Status(ErrorCode::kTaskManagerUnknown, "it is gone"));
      if (numReads_ == 3 && GetParam())
        return respond(Status(ErrorCode::kNotFound, "between two files"));
      const std::string text = numReads_ < 3 ? "first file\n" : "second\n";
      ReadLogRequest::Response answer;
      answer.fileSize = static_cast<std::int64_t>(text.size());
      answer.offset = std::min(request.offset, answer.fileSize);
      answer.data = text.substr(static_cast<std::size_t>(answer.offset));
      respond(std::move(answer));
    });
    jobManager_.start();
  }
  int numReads_ = 0;
};

TEST_P(RotatedLogTest, IsFollowedFromItsBeginning) {
  const Outcome followed = run({"logs", "-f", "jobmanager"});
  EXPECT_EQ(followed.out, "first file\nsecond\n");
  EXPECT_NE(followed.exitCode, 0);
  EXPECT_THAT(followed.err, HasSubstr("it is gone"));
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutGap, RotatedLogTest, testing::Bool());

TEST_F(ClusterCallsTest, RefusedConnectionsAndBadAddressesAreToldApart) {
  const Outcome refused = run({"job", "describe", kRunning}, "localhost:1");
  EXPECT_EQ(refused.exitCode, 5) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("error[FLINK-CLI-002]: no JobManager answers: "
                                     "address=localhost:1 reason=nobody listens"));
  EXPECT_THAT(refused.err, HasSubstr("fix: start a cluster or correct -m host:port"));
  const Outcome unresolved = run({"list"}, "no-such-host.invalid:6123");
  EXPECT_EQ(unresolved.exitCode, 5) << unresolved.err;
  EXPECT_THAT(unresolved.err, HasSubstr("no-such-host.invalid:6123"));
  for (const char* address : {"localhost", "localhost:", ":6123", "localhost:http"}) {
    EXPECT_EQ(run({"list"}, address).exitCode, 2) << address;
  }
}

/// Answers every request with what `answer` makes of it.
class RawJobManager {
 public:
  explicit RawJobManager(std::function<Bytes(const Envelope&)> answer) {
    transport_->setHandlers(
        {.onFrame =
             [this, answer = std::move(answer)](const auto& peer, const Bytes& frame) {
               const auto request = decodeEnvelope(asBytes(frame));
               ASSERT_TRUE(request);
               EXPECT_TRUE(transport_->send(peer, answer(*request)));
             },
         .onDisconnect = [](const auto&) {}});
    address_ = "localhost:" + std::to_string(transport_->bind("localhost:0").value());
  }
  ~RawJobManager() { transport_->stop(); }
  RawJobManager(const RawJobManager&) = delete;
  RawJobManager& operator=(const RawJobManager&) = delete;
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  std::unique_ptr<MessageTransport> transport_ = control::makeZmqTransport("raw");
  std::string address_;
};

TEST_F(ClusterCallsTest, AnotherProtocolVersionIsNamed) {
  const RawJobManager later([](const Envelope& request) {
    Envelope answer;
    answer.protocolVersion = kProtocolVersion + 1;
    answer.kind = EnvelopeKind::kResponse;
    answer.requestId = request.requestId;
    return encodeEnvelope(answer);
  });
  const Outcome outcome = run({"job", "describe", kRunning}, later.address());
  EXPECT_EQ(outcome.exitCode, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("error[FLINK-RPC-001]: frame of another protocol version: "
                                     "version=2 ours=1"));
  EXPECT_THAT(outcome.err, HasSubstr("fix: use a client of the same release as the cluster"));
}

TEST_F(ClusterCallsTest, AnswersThatDoNotDecodeAreErrors) {
  const RawJobManager nonsense([](const Envelope&) { return Bytes("\xff\xff nonsense"); });
  EXPECT_THAT(run({"job", "describe", kRunning}, nonsense.address()).err,
              HasSubstr("FLINK-RPC-001"));
  const RawJobManager hostile([](const Envelope& request) {
    Envelope answer;
    answer.kind = EnvelopeKind::kResponse;
    answer.requestId = request.requestId;
    answer.body = Bytes(100, '\xff');
    return encodeEnvelope(answer);
  });
  const Outcome outcome = run({"job", "describe", kRunning}, hostile.address());
  EXPECT_EQ(outcome.exitCode, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("FLINK-RPC-001"));
}

TEST_F(ClusterCallsTest, SlowAnswerIsWaitedForAndNoneEndsAtClientTimeout) {
  Eventually<control::RpcEndpoint::Responder<GetJobRequest>> asked;
  std::vector<control::RpcEndpoint::Responder<GetJobRequest>> unanswered;
  jobManager_.serve<GetJobRequest>([&](const GetJobRequest&, auto respond) {
    if (jobManager_.note("describe") > 1) return unanswered.push_back(std::move(respond));
    asked.set(std::move(respond));
  });
  jobManager_.start();
  auto slow = flinkctl_.start({"job", "describe", kRunning, "-m", jobManager_.address()});
  ASSERT_TRUE(asked.arrived());
  const auto respond = asked.get();
  jobManager_.onLoop([&] { respond(Status(ErrorCode::kJobNotFound, "late answer")); });
  EXPECT_THAT(slow.get().err, HasSubstr("late answer"));

  const Outcome none = run({"job", "describe", kRunning, "-D", "client.timeout=200 ms"});
  EXPECT_EQ(none.exitCode, 3) << none.err;
  EXPECT_THAT(none.err, HasSubstr("FLINK-GEN-005"));
  EXPECT_THAT(none.err, HasSubstr("waitedMs=200"));
  jobManager_.onLoop([&] { unanswered.clear(); });
}

TEST_F(ClusterCallsTest, WaitEndsWithTheJobOrItsTimeout) {
  jobManager_.start();
  const Outcome finished = run({"wait", kFinished});
  EXPECT_EQ(finished.exitCode, 0) << finished.err;
  EXPECT_EQ(finished.out, "Job " + kFinished + " is FINISHED after 15 ms.\n");
  const Outcome timedOut = run({"wait", kRunning, "--timeout", "0.2"});
  EXPECT_EQ(timedOut.exitCode, 3) << timedOut.err;
  EXPECT_THAT(timedOut.err, HasSubstr(kRunning));
  EXPECT_EQ(run({"wait", kFinished, "--timeout", "0"}).exitCode, 0);
  EXPECT_EQ(run({"wait", kRunning, "--timeout", "0"}).exitCode, 3);
  for (const char* bad : {"-1", "nan", "1e300", "soon"})
    EXPECT_EQ(run({"wait", kRunning, "--timeout", bad}).exitCode, 2) << bad;
}

/// `yaml` says what `json` says, and leaves no string that a reader would take for something else.
void expectSame(const YAML::Node& yaml, const Json& json, const std::string& path) {
  if (json.is_object()) {
    ASSERT_TRUE(yaml.IsMap()) << path;
    EXPECT_EQ(yaml.size(), json.size()) << path;
    for (const auto& [key, value] : json.items()) expectSame(yaml[key], value, path + "/" + key);
  } else if (json.is_array()) {
    ASSERT_TRUE(yaml.IsSequence()) << path;
    ASSERT_EQ(yaml.size(), json.size()) << path;
    for (std::size_t i = 0; i < json.size(); ++i)
      expectSame(yaml[i], json[i], path + "/" + std::to_string(i));
  } else if (json.is_string()) {
    EXPECT_EQ(yaml.Scalar(), json.get<std::string>()) << path;
    // JSON's scalars are YAML's: a text that JSON reads as a number or a word of its own needs
    // quotes.
    const bool readsAsOther = json == "" || Json::accept(json.get<std::string>());
    EXPECT_TRUE(yaml.Tag() == "!" || !readsAsOther) << path << ": " << json;
  } else {
    EXPECT_EQ(yaml.Scalar(), json.dump()) << path;
  }
}

TEST_F(ClusterCallsTest, EveryReadHasOneDocumentInJsonAndYaml) {
  jobManager_.start();
  const std::vector<std::pair<std::vector<std::string>, std::string>> reads{
      {{"list", "-a"}, "JobList"},
      {{"job", "describe", kRunning}, "Job"},
      {{"cancel", kRunning}, "JobCancelled"},
      {{"wait", kFinished}, "JobResult"},
      {{"logs"}, "LogList"},
      {{"taskmanager", "list"}, "TaskManagerList"}};
  for (const auto& [arguments, kind] : reads) {
    const auto printed = [&](const std::string& format) {
      std::vector<std::string> all = arguments;
      all.insert(all.end(), {"-o", format});
      const Outcome outcome = run(all);
      EXPECT_EQ(outcome.exitCode, 0) << kind << outcome.err;
      EXPECT_EQ(outcome.err, "") << kind;
      return outcome.out;
    };
    const Json json = Json::parse(printed("json"), nullptr, false);
    ASSERT_TRUE(json.is_object()) << kind;
    EXPECT_EQ(json["kind"], kind);
    EXPECT_EQ(json["apiVersion"], "flink-cpp/v1");
    expectSame(YAML::Load(printed("yaml")), json, kind);
  }
}

TEST_F(ClusterCallsTest, JsonHasTheValues) {
  jobManager_.start();
  const Json list = Json::parse(run({"list", "-a", "-o", "json"}).out);
  ASSERT_EQ(list["items"].size(), 2U);
  EXPECT_EQ(list["items"][0], (Json{{"id", kRunning},
                                    {"name", "123"},
                                    {"state", "RUNNING"},
                                    {"type", "STREAMING"},
                                    {"startTime", "2020-09-13T12:26:40.123Z"},
                                    {"endTime", ""},
                                    {"durationMs", 62000},
                                    {"tasks", {{"RUNNING", 2}}}}));
  EXPECT_EQ(list["items"][1]["name"], "true: \"quoted\" – ünïcödé");
  const Json job = Json::parse(run({"job", "describe", kRunning, "-o", "json"}).out);
  EXPECT_EQ(job["vertices"][0]["recordsIn"], 20);
  EXPECT_EQ(job["vertices"][0]["states"], (Json{{"RUNNING", 2}}));
  EXPECT_EQ(job["configuration"]["parallelism.default"], "2");
}

TEST_F(ClusterCallsTest, TablesAreForReaders) {
  jobManager_.start();
  EXPECT_EQ(run({"list", "-a"}).out,
            "Waiting for response...\n"
            "------------------ Running/Restarting Jobs -------------------\n"
            "13.09.2020 12:26:40 : " +
                kRunning +
                " : 123 (RUNNING)\n"
                "--------------------------------------------------------------\n"
                "No scheduled jobs.\n"
                "---------------------- Terminated Jobs -----------------------\n"
                "13.09.2020 12:26:40 : " +
                kFinished +
                " : true: \"quoted\" – ünïcödé (FINISHED)\n"
                "--------------------------------------------------------------\n");
  EXPECT_EQ(run({"cancel", kRunning}).out,
            "Cancelling job " + kRunning + ".\nCancelled job " + kRunning + ".\n");
  EXPECT_EQ(jobManager_.calls(), std::vector{"cancel " + kRunning});
  EXPECT_EQ(
      run({"job", "describe", kRunning}).out,
      "Job       " + kRunning +
          "\n"
          "Name      123\nState     RUNNING\nType      STREAMING\n"
          "Started   2020-09-13T12:26:40.123Z\nDuration  1 min 02 s\n\n"
          "VERTEX                PARALLELISM  TASKS      RECORDS IN  RECORDS OUT  BUSY  "
          "BACKPRESSURED\n"
          "Source: words -> Map            2  2 RUNNING          20            0  50 %  0 %\n");
  EXPECT_EQ(run({"logs"}).out,
            "PROCESS          FILE                 BYTES  MODIFIED\n"
            "jobmanager       jobmanager.log          12  2020-09-13T12:26:40.000Z\n"
            "localhost:1-abc  localhost:1-abc.log     12  2020-09-13T12:26:40.000Z\n");
  EXPECT_EQ(run({"logs", "jobmanager"}).out, "jobmanager said\n");
}

TEST_F(ClusterCallsTest, ErrorsAreDocumentsToo) {
  jobManager_.start();
  const Outcome outcome = run({"cancel", kUnknown, "-o", "json"});
  EXPECT_EQ(outcome.out, "");
  const Json error = Json::parse(outcome.err, nullptr, false);
  ASSERT_TRUE(error.is_object()) << outcome.err;
  EXPECT_EQ(error["code"], "FLINK-JOB-001");
  EXPECT_EQ(error["exitCode"], 6);
  EXPECT_THAT(error["causes"][0]["message"].get<std::string>(), HasSubstr(kUnknown));
}

}  // namespace
}  // namespace flink::cli::test
