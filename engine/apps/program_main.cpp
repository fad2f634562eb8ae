#include <fcntl.h>

#include <future>
#include <memory>

#include <fmt/format.h>

#include "api/program/job_compiler.h"
#include "api/program/job_library.h"
#include "api/program/program_runner.h"
#include "apps/channel_session.h"
#include "apps/process.h"
#include "cluster/control/local_channel.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "core/base/rng.h"

namespace flink::apps {
namespace {

constexpr int kChannelDescriptor = 3;

const ProcessDescription kDescription{
    "flink-program",
    "runs a job's program for the process that spawned it, or compiles a job's source",
    {{"--compile", "SOURCE", "compile a job's source instead of running a program"},
     {"-o", "LIBRARY", "with --compile: the job library to write"},
     {"-I", "DIRECTORY", "with --compile: where headers of the job are"}},
    ""};

std::string fileName(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

program::ProgramOutcome runStarted(const protocol::ProgramStartRequest& start,
                                   ChannelSession& session) {
  const auto jobs = program::loadJobLibrary(start.libraryPath);
  if (!jobs) return {jobs.status(), 0};
  const auto job = program::findJob(*jobs, start.entry, fileName(start.libraryPath));
  if (!job) return {job.status(), 0};
  program::ClientRun run;
  run.reference.library = start.library;
  run.reference.libraryName = fileName(start.libraryPath);
  run.reference.entry = job->name;
  run.reference.arguments = start.arguments;
  run.reference.workingDirectory = start.workingDirectory;
  run.configuration = start.configuration;
  run.detached = start.detached;
  const auto rng = makeSystemRng();
  return program::runProgram(*job, run, session, *rng);
}

/// The program runs on the main thread: user code finds the stack and the signals that it would
/// have anywhere else.
int runForSpawner() {
  // Ours alone: programs that user code starts must not keep the channel open.
  if (::fcntl(kChannelDescriptor, F_SETFD, FD_CLOEXEC) != 0) {
    return failStart(
        kDescription,
        Status(ErrorCode::kUsage,
               "flink-program is started by flinkctl or REST: descriptor 3 is not open"),
        kExitUsage);
  }
  const SystemClock clock;
  auto loop = makeThreadEventLoop("program", clock);
  auto channel = control::adoptLocalChannel(OwnedFd(kChannelDescriptor));
  control::RpcEndpoint::Options options;
  options.sender = "program";
  options.heartbeatInterval = Duration::zero();
  control::RpcEndpoint rpc(options, *loop, clock, *channel);
  std::promise<protocol::ProgramStartRequest> started;
  rpc.serve<protocol::ProgramStartRequest>([&](const auto&, auto request, auto respond) {
    respond(protocol::Empty{});
    started.set_value(std::move(request));
  });
  rpc.onPeerLost([](const auto&, const Status&) { exitNow(kExitFailed); });
  loop->post([&] { rpc.start(); });

  const protocol::ProgramStartRequest start = started.get_future().get();
  ChannelSession session(*loop, rpc);
  const program::ProgramOutcome outcome = runStarted(start, session);
  protocol::ProgramFinishedRequest finished;
  finished.numJobs = outcome.numJobs;
  if (!outcome.status.isOk()) {
    finished.errorId = outcome.status.id();
    finished.errorMessage = outcome.status.message();
    for (const Status* cause = outcome.status.cause(); cause != nullptr; cause = cause->cause()) {
      finished.errorMessage += fmt::format("; caused by: {}: {}", cause->id(), cause->message());
    }
  }
  const Status told = session.finish(finished);
  exitNow(told.isOk() && outcome.status.isOk() ? kExitOk : kExitFailed);
}

int compileSource(const std::string& source, const ProcessArguments& arguments) {
  const auto output = arguments.value("-o");
  if (!output)
    return failStart(kDescription, Status(ErrorCode::kUsage, "--compile needs -o LIBRARY"),
                     kExitUsage);
  const std::string binaries = binaryDirectory();
  const program::CompileRequest request{source, *output, binaries.substr(0, binaries.rfind('/')),
                                        arguments.all("-I")};
  const auto launcher = makeSystemProcessLauncher();
  const Status status = program::compileJobLibrary(request, *launcher);
  if (status.isOk()) return kExitOk;
  // Whoever listens says it himself.
  if (notifyReady("error " + status.toString())) return kExitFailed;
  return failStart(kDescription, status, kExitFailed);
}

}  // namespace
}  // namespace flink::apps

int main(int argc, char** argv) {
  using namespace flink::apps;
  ProcessArguments arguments;
  if (const auto code = parseArguments(argc, argv, kDescription, arguments)) return *code;
  if (const auto source = arguments.value("--compile")) return compileSource(*source, arguments);
  return runForSpawner();
}
