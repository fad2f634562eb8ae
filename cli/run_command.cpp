#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include <fmt/format.h>

#include "cli/cluster_context.h"
#include "cli/commands.h"
#include "cli/program_command.h"
#include "cli/render.h"
#include "core/base/error_codes.h"

namespace flink::cli {

using protocol::Method;

namespace {

/// Passes a program's calls to the cluster and tells the user what becomes of its jobs.
/// Thread: relay() on the program's loop; the library is uploaded meanwhile by the caller.
class JobSubmission {
 public:
  JobSubmission(control::ClusterClient& client, std::shared_future<Result<BlobDigest>> library,
                const GlobalOptions& global)
      : client_(client), library_(std::move(library)), global_(global) {}

  void relay(Method method, Bytes body, Duration deadline,
             const control::ProgramRunner::Answer& answer) {
    if (method == Method::kSubmitJob) return answer(submit(body, deadline));
    auto result = client_.callRaw(method, body, deadline);
    if (method == Method::kWaitJob && result) noteResult(*result);
    answer(std::move(result));
  }

  [[nodiscard]] const std::vector<protocol::JobResult>& results() const { return results_; }
  [[nodiscard]] const std::vector<JobId>& jobs() const { return jobs_; }

 private:
  Result<Bytes> submit(const Bytes& body, Duration deadline) {
    FLINK_ASSIGN_OR_RETURN(auto request,
                           protocol::decode<protocol::SubmitJobRequest>(asBytes(body)));
    const Result<BlobDigest>& library = library_.get();
    if (!library) return library.status();
    request.graph.program.library = *library;
    request.graph.executionPlanJson.clear();
    request.graph.planDot.clear();
    const JobId id = request.graph.id;
    auto answer = client_.callRaw(Method::kSubmitJob, protocol::encode(request), deadline);
    if (!answer) return answer;
    jobs_.push_back(id);
    if (global_.output == OutputFormat::kTable) {
      std::printf("Job has been submitted with JobID %s\n", id.toHex().c_str());
      std::fflush(stdout);
    }
    return answer;
  }

  void noteResult(const Bytes& body) {
    auto answer = protocol::decode<protocol::WaitJobRequest::Response>(asBytes(body));
    if (!answer || !answer->result) return;
    if (global_.output == OutputFormat::kTable) printFinished(*answer->result);
    results_.push_back(std::move(*answer->result));
  }

  /// As Flink prints it: when execute() returns, before what the program itself prints next.
  static void printFinished(const protocol::JobResult& result) {
    if (result.status != protocol::JobStatus::kFinished) return;
    std::printf(
        "Program execution finished\nJob with JobID %s has finished.\nJob Runtime: %lld ms\n",
        result.id.toHex().c_str(), static_cast<long long>(result.netRuntimeMs));
    if (!result.accumulators.empty()) {
      std::printf("Accumulator Results: \n");
      for (const auto& [name, value] : result.accumulators)
        std::printf("- %s: %s\n", name.c_str(), value.c_str());
    }
    std::printf("\n");
    std::fflush(stdout);
  }

  control::ClusterClient& client_;
  std::shared_future<Result<BlobDigest>> library_;
  const GlobalOptions& global_;
  std::vector<JobId> jobs_;
  std::vector<protocol::JobResult> results_;
};

/// Ctrl-C ends the client, not the job; it says how to go on.
void watchInterrupt() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread([set] {
    int signal = 0;
    sigwait(&set, &signal);
    std::fprintf(stderr,
                 "\ninterrupted; submitted jobs go on: `flinkctl list` shows and `flinkctl cancel "
                 "JOB` ends them\n");
    _exit(kExitInterrupted);
  }).detach();
}

void printResults(const GlobalOptions& global, const JobSubmission& submission) {
  nlohmann::ordered_json jobs = nlohmann::ordered_json::array();
  for (const JobId& id : submission.jobs()) {
    nlohmann::ordered_json job{{"id", id.toHex()}};
    for (const auto& result : submission.results()) {
      if (result.id != id) continue;
      job["state"] = toString(result.status);
      job["netRuntimeMs"] = result.netRuntimeMs;
      job["accumulators"] = result.accumulators;
    }
    jobs.push_back(job);
  }
  printDocument(global.output, "Run", {{"jobs", jobs}});
}

}  // namespace

CommandResult runRun(const GlobalOptions& global, const RunOptions& options) {
  watchInterrupt();
  FLINK_ASSIGN_OR_RETURN(auto client, connectCluster(global));
  FLINK_ASSIGN_OR_RETURN(const std::string library, resolveLibrary(global, options));
  // The upload runs while the program loads; its first submission waits for it.
  std::promise<Result<BlobDigest>> uploaded;
  JobSubmission submission(*client, uploaded.get_future().share(), global);
  std::thread upload([&] { uploaded.set_value(client->uploadFile(library, nullptr)); });
  auto end = runProgram(global, options, library, false,
                        [&](Method method, Bytes body, Duration deadline,
                            const control::ProgramRunner::Answer& answer) {
                          submission.relay(method, std::move(body), deadline, answer);
                        });
  upload.join();
  if (!end) return std::move(end).status();
  if (global.output != OutputFormat::kTable) printResults(global, submission);
  for (const auto& result : submission.results()) {
    if (result.failure) {
      return Status(ErrorCode::kUserCodeFailed,
                    fmt::format("Job failed (JobID: {})", result.id.toHex()))
          .causedBy(Status(errorCodeById(result.failure->errorId).value_or(ErrorCode::kInternal),
                           result.failure->stackTrace));
    }
    if (result.status == protocol::JobStatus::kCanceled) {
      return Status(ErrorCode::kCancelled,
                    fmt::format("Job was cancelled (JobID: {})", result.id.toHex()));
    }
  }
  if (!end->status) return std::move(end->status);
  if (end->numJobs == 0 && submission.jobs().empty()) {
    return Status(ErrorCode::kProgramInvalid,
                  "the program ended without execute(): nothing was submitted");
  }
  return kExitOk;
}

}  // namespace flink::cli
