#include "api/program/rebuild_execution.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "api/datastream/flink_exception.h"
#include "api/datastream/program_graph.h"
#include "api/datastream/recorded_result.h"
#include "core/base/error_codes.h"
#include "dataflow/graph/fingerprint.h"
#include "dataflow/graph/stream_graph.h"

namespace flink::program {

namespace {

[[noreturn]] void throwFingerprint(std::string message) {
  throw FlinkException(Status(ErrorCode::kFingerprintMismatch, std::move(message)));
}

/// A job of the program's past: tells what the client was told.
class RecordedJob final : public JobClient {
 public:
  explicit RecordedJob(datastream::RecordedResult record) : record_(std::move(record)) {}

  [[nodiscard]] JobId getJobID() const override {
    return JobId::fromBytes(record_.jobId).value_or(JobId{});
  }
  [[nodiscard]] JobStatus getJobStatus() override {
    if (nextStatus_ == record_.statuses.size()) {
      throwFingerprint("the program asks for a job's state more often than it did at the client");
    }
    auto& answer = record_.statuses[nextStatus_];
    if (--answer.times <= 0) ++nextStatus_;
    return static_cast<JobStatus>(answer.status);
  }
  void cancel() override {}

  JobExecutionResult getJobExecutionResult() override {
    if (!record_.waited)
      throwFingerprint("the program asks for a job's result that it did not ask for at the client");
    if (!record_.errorId.empty()) {
      const auto code = errorCodeById(record_.errorId).value_or(ErrorCode::kUserCodeFailed);
      throw JobExecutionException(Status(code, record_.errorMessage));
    }
    return {getJobID(), record_.netRuntimeMs, record_.accumulators};
  }

  std::vector<std::string> collect(const std::string& collectId) override {
    if (record_.collectedTooMuch) {
      throw FlinkException(Status(ErrorCode::kLimitExceeded,
                                  fmt::format("an earlier job of the program collected more than "
                                              "{} bytes, which workers cannot repeat; write the "
                                              "records to a file and read that instead",
                                              datastream::kMaxCollectedBytes)));
    }
    if (std::exchange(read_[collectId], true)) return {};
    return record_.collected[collectId];
  }

 private:
  datastream::RecordedResult record_;
  std::size_t nextStatus_ = 0;
  std::map<std::string, bool> read_;
};

}  // namespace

std::shared_ptr<JobClient> RebuildExecution::execute(const datastream::FinishedGraph& finished) {
  if (numExecuted_ < job_.program.executeIndex) {
    const auto index = static_cast<std::size_t>(numExecuted_++);
    if (index >= job_.program.earlierResults.size())
      throwFingerprint("the results of the program's earlier jobs are missing");
    return std::make_shared<RecordedJob>(
        valueOrThrow(datastream::decodeRecordedResult(job_.program.earlierResults[index])));
  }
  reached_ = true;
  outcome_ = graph::checkFingerprint(job_, finished.graph);
  if (outcome_.isOk()) {
    for (const auto& [node, elements] : finished.program.collections()) {
      const auto shipped = job_.collections.find(node);
      if (shipped != job_.collections.end()) *elements = shipped->second;
    }
  }
  throw GraphRebuilt{};
}

std::string RebuildExecution::once(const std::string& name,
                                   const std::function<std::string()>& /*compute*/) {
  const auto known = job_.program.onceValues.find(name);
  if (known == job_.program.onceValues.end()) {
    throwFingerprint(
        fmt::format("env.once was not called under this name at the client: name={}", name));
  }
  return known->second;
}

}  // namespace flink::program
