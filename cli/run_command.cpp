#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include <fmt/format.h>

#include "cli/cluster_connection.h"
#include "cli/commands.h"
#include "cli/error_report.h"
#include "cli/program_command.h"
#include "cli/program_relay.h"
#include "cli/render.h"
#include "core/base/error_codes.h"

namespace flink::cli {

namespace {

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

void printResults(const GlobalOptions& global, const ProgramRelay& relay) {
  nlohmann::ordered_json jobs = nlohmann::ordered_json::array();
  for (const JobId& id : relay.jobs()) {
    nlohmann::ordered_json job{{"id", id.toHex()}};
    for (const auto& result : relay.results()) {
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
  FLINK_ASSIGN_OR_RETURN(auto cluster, connectCluster(global));
  FLINK_ASSIGN_OR_RETURN(const std::string library, resolveLibrary(global, options));
  const SystemClock clock;
  const auto loop = makeThreadEventLoop("program", clock);
  ProgramRelay relay(*loop, clock, global, cluster->timeout(), !options.detached);
  FLINK_RETURN_IF_ERROR(relay.connect(cluster->address()));
  // The upload runs while the program loads.
  std::thread upload([&] { relay.libraryUploaded(cluster->uploadFile(library)); });
  auto end = runProgram(global, options, library, false, *loop,
                        [&](protocol::Method method, Bytes body, Duration,
                            const control::ProgramRunner::Answer& answer) {
                          relay.relay(method, std::move(body), answer);
                        });
  upload.join();
  if (!end) return std::move(end).status();
  if (global.output != OutputFormat::kTable) printResults(global, relay);
  for (const auto& result : relay.results()) {
    if (result.failure) return reportJobFailure(global, result);
    if (result.status == protocol::JobStatus::kCanceled) {
      return Status(ErrorCode::kCancelled,
                    fmt::format("Job was cancelled (JobID: {})", result.id.toHex()));
    }
  }
  if (!end->status) return std::move(end->status);
  if (end->numJobs == 0 && relay.jobs().empty()) return withoutJob();
  return kExitOk;
}

}  // namespace flink::cli
