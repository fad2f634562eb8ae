// What is refused, and in which words.
#include <gmock/gmock.h>

#include "tests/cluster/rest/rest_server_fixture.h"

namespace flink::rest {
namespace {

using ::testing::HasSubstr;

using RestErrorsTest = RestServerTest;

/// What a request is refused with: its status and its error text.
std::pair<int, std::string> refusal(const Answer& answer) {
  const Json body = Json::parse(answer.body, nullptr, false);
  if (!body.is_object() || !body.contains("errors")) return {answer.status, "no error body"};
  return {answer.status, body["errors"][0].get<std::string>()};
}

constexpr const char* kHandlerException =
    "org.apache.flink.runtime.rest.handler.RestHandlerException: ";
constexpr const char* kNotFoundException = "org.apache.flink.runtime.rest.NotFoundException: ";
constexpr const char* kNobody = "00000000000000000000000000000000";

TEST_F(RestErrorsTest, UnknownPathAndUnknownJobSpeakFlinksWords) {
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

TEST_F(RestErrorsTest, WhatDoesNotExistIsRefusedInFlinksWords) {
  start();
  const std::string job = addJob().toHex();
  const std::string noJob =
      "org.apache.flink.runtime.messages.FlinkJobNotFoundException: Could not find Flink job (" +
      std::string(kNobody) + ")";
  for (const char* view : {"", "/plan", "/config", "/status", "/exceptions"}) {
    EXPECT_EQ(refusal(get(std::string("/jobs/") + kNobody + view)),
              std::pair(404, kNotFoundException + ("Job " + std::string(kNobody)) +
                                 " not found\nCaused by: " + noJob));
  }
  EXPECT_EQ(refusal(get(std::string("/jobs/") + kNobody + "/execution-result")),
            std::pair(404, kHandlerException + noJob + "\nCaused by: " + noJob));
  EXPECT_EQ(refusal(request(server_->port(), "PATCH", std::string("/jobs/") + kNobody)),
            std::pair(404, std::string(kHandlerException) +
                               "Job could not be found.\nCaused by: " + noJob));
  const std::string vertex = "/jobs/" + job + "/vertices/" + kNobody;
  EXPECT_EQ(refusal(get(vertex)), std::pair(404, std::string(kNotFoundException) + "JobVertex " +
                                                     kNobody + " not found"));
  EXPECT_EQ(refusal(get(vertex + "/subtasktimes")),
            std::pair(404, std::string(kHandlerException) + "No vertex with ID '" + kNobody +
                               "' exists."));
  EXPECT_EQ(
      refusal(get("/jobs/" + job + "/vertices/000000000000000000000000000000ff/subtasks/7")),
      std::pair(404, std::string(kHandlerException) +
                         "Invalid subtask index for vertex 000000000000000000000000000000ff"));
  EXPECT_EQ(refusal(get("/taskmanagers/nobody:1")),
            std::pair(404, std::string(kHandlerException) +
                               "Could not find TaskExecutor nobody:1.\nCaused by: "
                               "org.apache.flink.runtime.resourcemanager.exceptions."
                               "UnknownTaskExecutorException: No TaskExecutor registered under "
                               "nobody:1."));
  EXPECT_EQ(refusal(get("/jobmanager/logs/missing.log")),
            std::pair(404, std::string("This file does not exist in JobManager log dir.")));
  EXPECT_EQ(refusal(request(server_->port(), "POST", "/jars/missing.so/run")),
            std::pair(400, std::string(kHandlerException) + "Jar file missing.so does not exist"));
  EXPECT_EQ(refusal(request(server_->port(), "DELETE", "/jars/missing.so")).first, 400);
}

TEST_F(RestErrorsTest, MalformedParametersAreRefusedInFlinksWords) {
  start();
  const std::string job = "/jobs/" + addJob().toHex();
  const std::string vertex = job + "/vertices/000000000000000000000000000000ff";
  const auto words = [](const std::string& what) {
    return std::pair(400, kHandlerException + ("Bad request, could not parse parameters: " + what) +
                              "\nCaused by: org.apache.flink.runtime.rest.handler."
                              "HandlerRequestException: " +
                              what);
  };
  EXPECT_EQ(refusal(get("/jobs/zzzz")),
            words("Cannot resolve path parameter (jobid) from value \"zzzz\"."));
  EXPECT_EQ(refusal(get(job + "/vertices/0")),
            words("Cannot resolve path parameter (vertexid) from value \"0\"."));
  for (const char* index : {"x", "-1", "1x"}) {
    EXPECT_EQ(refusal(get(vertex + "/subtasks/" + index)),
              words("Cannot resolve path parameter (subtaskindex) from value \"" +
                    std::string(index) + "\"."));
  }
  EXPECT_EQ(refusal(get(job + "/exceptions?maxExceptions=many")),
            words("Cannot resolve query parameter (maxExceptions) from value \"many\"."));
  EXPECT_EQ(refusal(get(vertex + "/subtasks/metrics?subtasks=9-1")),
            words("Cannot resolve query parameter (subtasks) from value \"9-1\"."));
  EXPECT_EQ(refusal(request(server_->port(), "PATCH", job + "?mode=maybe")),
            words("Cannot resolve query parameter (mode) from value \"maybe\"."));
}

TEST_F(RestErrorsTest, WhoIsNotMeasuredHasNoBackPressureAndNoMetrics) {
  start();
  const JobId id = addJob();
  const std::string job = "/jobs/" + id.toHex();
  const Json unmeasured = Json::parse(R"({"status":"deprecated"})");
  EXPECT_EQ(Json::parse(get(job + "/vertices/" + kNobody + "/backpressure").body), unmeasured);
  EXPECT_EQ(
      Json::parse(
          get(std::string("/jobs/") + kNobody + "/vertices/" + kNobody + "/backpressure").body),
      unmeasured);
  gateway_.jobs[id].vertices[0].subtasks[0].state = protocol::ExecutionState::kFinished;
  EXPECT_EQ(Json::parse(get(job + "/vertices/000000000000000000000000000000ff/backpressure").body),
            unmeasured);
  gateway_.metricsOfJobsOnly = true;
  EXPECT_EQ(get(std::string("/jobs/") + kNobody + "/vertices/" + kNobody + "/metrics").body, "[]");
}

TEST_F(RestErrorsTest, EndedJobsCannotBeCancelledUnlessTheyWere) {
  start();
  const JobId id = addJob();
  gateway_.jobs[id].overview.status = protocol::JobStatus::kFinished;
  gateway_.ended.insert(id);
  EXPECT_EQ(refusal(request(server_->port(), "PATCH", "/jobs/" + id.toHex())),
            std::pair(409, std::string(kHandlerException) +
                               "Job cancellation failed because the job has already reached "
                               "another terminal state (FINISHED)."));
}

}  // namespace
}  // namespace flink::rest
