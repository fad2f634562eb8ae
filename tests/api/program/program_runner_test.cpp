#include "api/program/program_runner.h"

#include <gmock/gmock.h>

#include <flink/datastream.h>
#include <stdexcept>

#include "api/datastream/recorded_result.h"
#include "api/program/job_library.h"
#include "core/base/error_codes.h"
#include "tests/api/program/fake_session.h"

// What differs between two runs of a program that breaks the rules.
static int runs = 0;

FLINK_JOB("implicit", [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
  env.fromElements(std::string("a"), args.get("word", "b")).print();
});

FLINK_JOB("two jobs", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 10).print();
  const auto result = env.execute("first");
  const auto bound = std::stoll(result.getAccumulatorResult("seen"));
  env.fromSequence(1, bound).map([](std::int64_t v) { return v; }).print();
  env.execute("second");
});

FLINK_JOB("collecting", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  std::vector<std::int64_t> seen;
  for (const std::int64_t value : env.fromSequence(1, 3).executeAndCollect("collect"))
    seen.push_back(value);
  env.fromCollection(seen).print();
});

FLINK_JOB("once", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  const auto number = env.once("number", [] { return ++runs; });
  for (int i = 0; i < number; ++i) env.fromSequence(1, 3).print();
});

FLINK_JOB("changing", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  if (++runs % 2 == 1) {
    env.fromSequence(1, 3).map([](std::int64_t v) { return v; }).print();
  } else {
    env.fromSequence(1, 3).filter([](std::int64_t) { return true; }).print();
  }
});

// Maps as often as the client's configuration says.
FLINK_JOB("configured", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  const auto entries = env.getConfiguration().toMap();
  auto stream = env.fromSequence(1, 3);
  for (const auto& [key, value] : entries) {
    if (key == "my.maps" || key == "web.refresh-interval")
      stream.map([](std::int64_t v) { return v; }).name(value).print();
  }
  stream.print().setParallelism(static_cast<std::int32_t>(entries.size()));
});

// Goes on when its first job has ended.
FLINK_JOB("polling", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 10).print();
  const auto first = env.executeAsync("first");
  int polls = 0;
  while (first->getJobStatus() == flink::JobStatus::kRunning) ++polls;
  auto rest = env.fromSequence(1, polls);
  if (first->getJobStatus() == flink::JobStatus::kCanceled)
    rest.map([](std::int64_t v) { return v; }).print();
  rest.print();
  env.execute("second");
});

FLINK_JOB("throwing", [](flink::StreamExecutionEnvironment&, const flink::Parameters&) {
  throw std::runtime_error("no such table");
});

FLINK_JOB("invalid", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 3).setMaxParallelism(2).setParallelism(4).print();
});

namespace flink::program {
namespace {

using testing::HasSubstr;

class ProgramRunnerTest : public testing::Test {
 protected:
  ProgramRunnerTest() { runs = 0; }

  static RegisteredJob job(std::string_view name) {
    auto found = findJob(linkedJobs(), name, "test");
    EXPECT_TRUE(found.isOk()) << found.status().toString();
    return *found;
  }
  ProgramOutcome run(std::string_view name, std::vector<std::string> arguments = {}) {
    ClientRun client;
    client.configuration = configuration_;
    client.reference.entry = name;
    client.reference.arguments = std::move(arguments);
    client.configuration["parallelism.default"] = "2";
    return runProgram(job(name), client, session_, *rng_);
  }

  std::map<std::string, std::string> configuration_;
  FakeSession session_;
  std::unique_ptr<Rng> rng_ = makeSeededRng(1);
};

TEST_F(ProgramRunnerTest, AProgramWithoutExecuteRunsUnderItsOwnName) {
  const auto outcome = run("implicit", {"--word", "x"});
  ASSERT_TRUE(outcome.status.isOk()) << outcome.status.toString();
  EXPECT_EQ(outcome.numJobs, 1);
  ASSERT_EQ(session_.submitted.size(), 1U);
  const auto& graph = session_.submitted[0];
  EXPECT_EQ(graph.name, "implicit");
  EXPECT_EQ(graph.program.defaultParallelism, 2);
  EXPECT_EQ(graph.vertices[1].parallelism, 2);
  EXPECT_EQ(graph.collections.at(1),
            types::serialize(std::string("a")) + types::serialize(std::string("x")));
  EXPECT_FALSE(graph.id.isZero());
}

TEST_F(ProgramRunnerTest, AWorkerFindsTheCodeOfEveryOperatorAndEdge) {
  ASSERT_TRUE(run("implicit").status.isOk());
  const auto& graph = session_.submitted[0];
  auto catalog = rebuildProgram(job("implicit"), graph);
  ASSERT_TRUE(catalog.isOk()) << catalog.status().toString();
  for (const auto& vertex : graph.vertices) {
    for (const auto& op : vertex.operators)
      EXPECT_NE((*catalog)->operatorFactory(op.streamNodeId), nullptr);
  }
  for (const auto& edge : graph.edges) {
    EXPECT_NE((*catalog)->edgeCodec(edge.sourceStreamNode, edge.targetStreamNode, edge.targetInput,
                                    edge.sideOutputTag),
              nullptr);
  }
  EXPECT_EQ((*catalog)->operatorFactory(99), nullptr);
}

TEST_F(ProgramRunnerTest, LaterJobsCarryTheResultsOfEarlierOnes) {
  session_.outcome.accumulators["seen"] = "20";
  session_.outcome.netRuntimeMs = 7;
  const auto outcome = run("two jobs");
  ASSERT_TRUE(outcome.status.isOk()) << outcome.status.toString();
  ASSERT_EQ(session_.submitted.size(), 2U);
  const auto& second = session_.submitted[1];
  EXPECT_EQ(second.name, "second");
  EXPECT_EQ(second.program.executeIndex, 1);
  ASSERT_EQ(second.program.earlierResults.size(), 1U);
  EXPECT_EQ(datastream::decodeRecordedResult(second.program.earlierResults[0])->netRuntimeMs, 7);
  EXPECT_TRUE(rebuildProgram(job("two jobs"), session_.submitted[0]).isOk());
  const auto catalog = rebuildProgram(job("two jobs"), second);
  ASSERT_TRUE(catalog.isOk()) << catalog.status().toString();
}

TEST_F(ProgramRunnerTest, AWorkerReadsTheClientsConfiguration) {
  configuration_ = {{"my.maps", "Mine"}, {"web.refresh-interval", "7 s"}};
  ASSERT_TRUE(run("configured").status.isOk());
  const auto& graph = session_.submitted.at(0);
  EXPECT_FALSE(graph.configuration.contains("web.refresh-interval")) << "no setting of a job";
  const auto catalog = rebuildProgram(job("configured"), graph);
  EXPECT_TRUE(catalog.isOk()) << catalog.status().toString();
}

TEST_F(ProgramRunnerTest, AWorkerSeesTheJobStatesThatTheClientSaw) {
  session_.outcome.status = protocol::JobStatus::kCanceled;
  session_.runningAnswers = 3;
  EXPECT_EQ(run("polling").status.code(), ErrorCode::kCancelled);  // the second job, too
  const auto catalog = rebuildProgram(job("polling"), session_.submitted.at(1));
  EXPECT_TRUE(catalog.isOk()) << catalog.status().toString();

  protocol::JobGraph forgetful = session_.submitted.at(1);
  auto record = *datastream::decodeRecordedResult(forgetful.program.earlierResults.at(0));
  record.statuses.pop_back();
  forgetful.program.earlierResults[0] = datastream::encode(record);
  const auto refused = rebuildProgram(job("polling"), forgetful);
  EXPECT_EQ(refused.status().code(), ErrorCode::kFingerprintMismatch);
  EXPECT_THAT(refused.status().toString(), HasSubstr("asks for a job's state more often"));
}

TEST_F(ProgramRunnerTest, CollectedRecordsAreRepeatedInWorkers) {
  for (std::int64_t v : {1, 2, 3}) session_.collected["collect-1"].push_back(types::serialize(v));
  const auto outcome = run("collecting");
  ASSERT_TRUE(outcome.status.isOk()) << outcome.status.toString();
  ASSERT_EQ(session_.submitted.size(), 2U);
  EXPECT_EQ(session_.submitted[1].collections.begin()->second.size(), 3 * sizeof(std::int64_t));
  const auto catalog = rebuildProgram(job("collecting"), session_.submitted[1]);
  EXPECT_TRUE(catalog.isOk()) << catalog.status().toString();
}

TEST_F(ProgramRunnerTest, OnceRunsAtTheClientOnly) {
  runs = 1;
  ASSERT_TRUE(run("once").status.isOk());
  EXPECT_EQ(runs, 2);
  const auto& graph = session_.submitted[0];
  EXPECT_EQ(graph.vertices.size(), 2U);
  const auto catalog = rebuildProgram(job("once"), graph);
  EXPECT_TRUE(catalog.isOk()) << catalog.status().toString();
  EXPECT_EQ(runs, 2);
}

TEST_F(ProgramRunnerTest, AnotherTopologyInTheWorkerNamesTheFirstOperator) {
  ASSERT_TRUE(run("changing").status.isOk());
  const auto catalog = rebuildProgram(job("changing"), session_.submitted[0]);
  ASSERT_FALSE(catalog.isOk());
  EXPECT_EQ(catalog.status().code(), ErrorCode::kFingerprintMismatch);
  EXPECT_THAT(catalog.status().message(), HasSubstr("submitted=Map (#2) here=Filter (#2)"));
}

TEST_F(ProgramRunnerTest, AProgramThatEndsEarlyInTheWorkerIsAMismatch) {
  ASSERT_TRUE(run("implicit").status.isOk());
  protocol::JobGraph later = session_.submitted[0];
  later.program.executeIndex = 1;
  datastream::RecordedResult first;
  first.waited = true;
  later.program.earlierResults.push_back(datastream::encode(first));
  const auto catalog = rebuildProgram(job("implicit"), later);
  ASSERT_FALSE(catalog.isOk());
  EXPECT_EQ(catalog.status().code(), ErrorCode::kFingerprintMismatch);
  EXPECT_THAT(catalog.status().message(), HasSubstr("ended before its execute() number 2"));
}

TEST_F(ProgramRunnerTest, WhatAProgramThrowsIsReported) {
  const auto outcome = run("throwing");
  EXPECT_EQ(outcome.status.code(), ErrorCode::kProgramInvalid);
  EXPECT_THAT(outcome.status.message(), HasSubstr("job=throwing: no such table"));
  EXPECT_EQ(run("invalid").status.code(), ErrorCode::kJobGraphInvalid);
}

TEST_F(ProgramRunnerTest, AFailedJobEndsTheProgramWithItsCause) {
  session_.outcome.status = protocol::JobStatus::kFailed;
  session_.outcome.failure.emplace();
  session_.outcome.failure->errorId = "FLINK-TM-003";
  session_.outcome.failure->message = "worker died: host=a pid=1 signal 9 (SIGKILL)";
  const auto outcome = run("implicit");
  EXPECT_EQ(outcome.status.code(), ErrorCode::kWorkerDied);
  EXPECT_THAT(outcome.status.message(), HasSubstr("signal 9 (SIGKILL)"));
}

TEST_F(ProgramRunnerTest, OnlyThePlanCanBeHad) {
  session_.planOnly = true;
  const auto outcome = run("two jobs");
  EXPECT_EQ(outcome.status.code(), ErrorCode::kCancelled);
  EXPECT_EQ(session_.plan.name, "first");
  EXPECT_EQ(outcome.numJobs, 0);
}

TEST_F(ProgramRunnerTest, EntriesAreFoundByName) {
  const std::vector<RegisteredJob> jobs = {{"a", nullptr}, {"b", nullptr}};
  EXPECT_THAT(findJob(jobs, "", "x.so").status().message(),
              HasSubstr(R"(choose one with -c: library=x.so jobs="a", "b")"));
  EXPECT_THAT(findJob(jobs, "c", "x.so").status().message(), HasSubstr("entry=c"));
  EXPECT_EQ(findJob({{"a", nullptr}}, "", "x.so")->name, "a");
}

}  // namespace
}  // namespace flink::program
