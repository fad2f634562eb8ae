#include "api/program/client_execution.h"

#include <fmt/format.h>

#include <utility>

#include "api/datastream/flink_exception.h"
#include "api/datastream/program_graph.h"
#include "core/base/error_codes.h"
#include "dataflow/graph/job_graph_generator.h"
#include "dataflow/graph/stream_graph.h"

namespace flink::program {

namespace {

constexpr std::int64_t kWaitMs = 10'000;

Status failureOf(const protocol::JobResult& result) {
  if (!result.failure) {
    return {ErrorCode::kCancelled,
            fmt::format("the job was cancelled: job={} name={}", result.id.toHex(), result.name)};
  }
  const auto code = errorCodeById(result.failure->errorId);
  return {code.value_or(ErrorCode::kUserCodeFailed),
          fmt::format("the job failed: job={} name={}: {}", result.id.toHex(), result.name,
                      result.failure->message)};
}

/// A job that this program submitted.
class SubmittedJob final : public JobClient {
 public:
  SubmittedJob(JobId id, ProgramSession& session,
               std::shared_ptr<datastream::RecordedResult> record)
      : id_(id), session_(session), record_(std::move(record)) {}

  [[nodiscard]] JobId getJobID() const override { return id_; }
  [[nodiscard]] JobStatus getJobStatus() override {
    const JobStatus status = valueOrThrow(session_.wait(id_, 0)).status;
    const auto number = static_cast<std::int32_t>(status);
    auto& statuses = record_->statuses;
    if (statuses.empty() || statuses.back().status != number) statuses.push_back({number, 0});
    ++statuses.back().times;
    return status;
  }
  void cancel() override { throwIfError(session_.cancel(id_)); }

  JobExecutionResult getJobExecutionResult() override {
    if (!record_->waited) waitForEnd();
    if (failure_) throw JobExecutionException(*failure_);
    return {id_, record_->netRuntimeMs, record_->accumulators};
  }

  std::vector<std::string> collect(const std::string& collectId) override {
    protocol::CollectResultsRequest request;
    request.job = id_;
    request.collectId = collectId;
    request.offset = offsets_[collectId];
    for (;;) {
      auto answer = valueOrThrow(session_.collect(request));
      if (!answer.records.empty()) {
        offsets_[collectId] += static_cast<std::int64_t>(answer.records.size());
        remember(collectId, answer.records);
        return std::move(answer.records);
      }
      if (!answer.finished) continue;
      (void)getJobExecutionResult();
      return {};
    }
  }

 private:
  void waitForEnd() {
    std::optional<protocol::JobResult> result;
    while (!result) result = valueOrThrow(session_.wait(id_, kWaitMs)).result;
    record_->waited = true;
    record_->netRuntimeMs = result->netRuntimeMs;
    record_->accumulators = result->accumulators;
    if (result->status == protocol::JobStatus::kFinished) return;
    failure_ = failureOf(*result);
    record_->errorId = failure_->id();
    record_->errorMessage = failure_->message();
  }

  void remember(const std::string& collectId, const std::vector<std::string>& records) {
    for (const std::string& record : records) collectedBytes_ += record.size();
    if (collectedBytes_ > datastream::kMaxCollectedBytes) {
      record_->collectedTooMuch = true;
      record_->collected.clear();
      return;
    }
    auto& kept = record_->collected[collectId];
    kept.insert(kept.end(), records.begin(), records.end());
  }

  JobId id_;
  ProgramSession& session_;
  std::shared_ptr<datastream::RecordedResult> record_;
  std::optional<Status> failure_;
  std::map<std::string, std::int64_t> offsets_;
  std::size_t collectedBytes_ = 0;
};

}  // namespace

ClientExecution::ClientExecution(protocol::ProgramReference reference, bool detached,
                                 ProgramSession& session, Rng& rng)
    : reference_(std::move(reference)), detached_(detached), session_(session), rng_(rng) {}

std::shared_ptr<JobClient> ClientExecution::execute(const datastream::FinishedGraph& finished) {
  protocol::JobGraph job =
      valueOrThrow(graph::generateJobGraph(finished.graph, JobId::random(rng_)));
  job.program = reference_;
  job.program.executeIndex = numJobs();
  for (const auto& record : past_)
    job.program.earlierResults.push_back(datastream::encode(*record));
  job.configuration = finished.configuration;
  job.globalJobParameters = finished.globalJobParameters;
  for (const auto& [node, elements] : finished.program.collections()) {
    if (finished.graph.contains(node)) job.collections[node] = *elements;
  }
  throwIfError(session_.submit(job));
  auto record = std::make_shared<datastream::RecordedResult>();
  record->jobId = job.id.bytes();
  past_.push_back(record);
  return std::make_shared<SubmittedJob>(job.id, session_, std::move(record));
}

std::string ClientExecution::once(const std::string& name,
                                  const std::function<std::string()>& compute) {
  const auto known = reference_.onceValues.find(name);
  if (known != reference_.onceValues.end()) return known->second;
  return reference_.onceValues[name] = compute();
}

}  // namespace flink::program
