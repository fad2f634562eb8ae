#include "cli/program_relay.h"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

namespace flink::cli {

using control::ProgramRunner;
using protocol::Method;

namespace {

/// How long a job may be silent at its start.
constexpr Duration kWatchInterval = std::chrono::seconds(2);

/// How long the cluster itself waits before it answers.
Duration patienceOf(Method method, const Bytes& body) {
  std::int64_t waitMs = 0;
  if (method == Method::kWaitJob) {
    if (const auto request = protocol::decode<protocol::WaitJobRequest>(asBytes(body)))
      waitMs = request->waitMs;
  } else if (method == Method::kCollectResults) {
    if (const auto request = protocol::decode<protocol::CollectResultsRequest>(asBytes(body)))
      waitMs = request->waitMs;
  }
  return std::chrono::milliseconds(waitMs);
}

/// As Flink prints it: when execute() returns, before what the program itself prints next.
void printFinished(const protocol::JobResult& result) {
  if (result.status != protocol::JobStatus::kFinished) return;
  std::printf("Program execution finished\nJob with JobID %s has finished.\nJob Runtime: %lld ms\n",
              result.id.toHex().c_str(), static_cast<long long>(result.netRuntimeMs));
  if (!result.accumulators.empty()) {
    std::printf("Accumulator Results: \n");
    for (const auto& [name, value] : result.accumulators)
      std::printf("- %s: %s\n", name.c_str(), value.c_str());
  }
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace

ProgramRelay::ProgramRelay(EventLoop& loop, const Clock& clock, const GlobalOptions& global,
                           Duration timeout, bool watchJobs)
    : loop_(loop),
      global_(global),
      timeout_(timeout),
      watchJobs_(watchJobs),
      transport_(control::makeZmqTransport("flinkctl")),
      rpc_({.sender = "flinkctl"}, loop, clock, *transport_) {}

ProgramRelay::~ProgramRelay() {
  rpc_.stop();
  transport_->stop();
}

Status ProgramRelay::connect(const std::string& jobManager) {
  rpc_.start();
  FLINK_ASSIGN_OR_RETURN(jobManager_, transport_->connect(jobManager));
  return Status::ok();
}

void ProgramRelay::libraryUploaded(Result<BlobDigest> digest) {
  loop_.post([this, digest = std::move(digest)] {
    library_ = digest;
    for (const auto& submission : std::exchange(waitingForLibrary_, {})) submission();
  });
}

void ProgramRelay::relay(Method method, Bytes body, const ProgramRunner::Answer& answer) {
  if (method == Method::kSubmitJob) {
    if (library_) return submit(body, answer);
    waitingForLibrary_.push_back([this, body = std::move(body), answer] { submit(body, answer); });
    return;
  }
  const Duration deadline = timeout_ + patienceOf(method, body);
  rpc_.callRaw(jobManager_, method, std::move(body), deadline,
               [this, method, answer](Result<Bytes> result) {
                 if (method == Method::kWaitJob && result) noteResult(*result);
                 answer(std::move(result));
               });
}

void ProgramRelay::submit(const Bytes& body, const ProgramRunner::Answer& answer) {
  auto request = protocol::decode<protocol::SubmitJobRequest>(asBytes(body));
  if (!request) return answer(request.status());
  if (!*library_) return answer(library_->status());
  request->graph.program.library = **library_;
  request->graph.executionPlanJson.clear();
  request->graph.planDot.clear();
  rpc_.callRaw(jobManager_, Method::kSubmitJob, protocol::encode(*request), timeout_,
               [this, id = request->graph.id, answer](Result<Bytes> result) {
                 if (result) noteSubmitted(id);
                 answer(std::move(result));
               });
}

void ProgramRelay::noteSubmitted(const JobId& id) {
  jobs_.push_back(id);
  if (watchJobs_) watch(id);
  if (global_.output != OutputFormat::kTable) return;
  std::printf("Job has been submitted with JobID %s\n", id.toHex().c_str());
  std::fflush(stdout);
}

void ProgramRelay::watch(const JobId& id) {
  loop_.schedule(kWatchInterval, [this, id] {
    rpc_.call<protocol::GetJobRequest>(jobManager_, {id}, timeout_,
                                       [this, id](const Result<protocol::JobDetails>& job) {
                                         if (job) noteDetails(id, *job);
                                       });
  });
}

void ProgramRelay::noteDetails(const JobId& id, const protocol::JobDetails& job) {
  if (protocol::isGloballyTerminal(job.overview.status)) return;
  if (!job.statusMessage.empty()) {
    std::fprintf(stderr, "Job %s is %s.\n", id.toHex().c_str(), job.statusMessage.c_str());
    return;
  }
  const auto count = [&](protocol::ExecutionState state) {
    return job.overview.tasks[static_cast<std::size_t>(state)];
  };
  if (count(protocol::ExecutionState::kCreated) + count(protocol::ExecutionState::kScheduled) > 0)
    watch(id);
}

void ProgramRelay::noteResult(const Bytes& body) {
  auto answer = protocol::decode<protocol::WaitJobRequest::Response>(asBytes(body));
  if (!answer || !answer->result) return;
  if (global_.output == OutputFormat::kTable) printFinished(*answer->result);
  results_.push_back(std::move(*answer->result));
}

}  // namespace flink::cli
