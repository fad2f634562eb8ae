#include <fcntl.h>
#include <unistd.h>

#include <memory>

#include <fmt/format.h>

#include "api/program/program_runner.h"
#include "apps/process.h"
#include "cluster/control/local_channel.h"
#include "cluster/worker/crash_handler.h"
#include "cluster/worker/worker.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "core/config/options/core_options.h"
#include "core/config/options/taskmanager_options.h"
#include "core/fs/local_file_system.h"
#include "core/metrics/process_metrics.h"

namespace flink::apps {
namespace {

constexpr int kChannelDescriptor = 3;
constexpr int kLastWordsDescriptor = 4;

const ProcessDescription kDescription{"flink-worker",
                                      "runs the tasks of one job; started by flink-taskmanager",
                                      {{"--job", "ID", "job whose tasks run here"},
                                       {"--taskmanager", "ID", "the TaskManager that started it"},
                                       {"--log", "FILE", "log file (default: stderr)"}},
                                      ""};

/// Ours alone: programs that user code starts must not keep the channel open.
bool takeDescriptor(int descriptor) {
  return ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0;
}

config::Configuration workerLogSettings(const protocol::StartWorkerRequest& start) {
  auto configuration = config::Configuration::fromMap(start.configuration);
  configuration.set(config::kEnvLogMaxSize,
                    configuration.getValidated(config::kTaskmanagerWorkerLogMaxSize));
  return configuration;
}

int run(const ProcessArguments& arguments) {
  if (!takeDescriptor(kChannelDescriptor)) {
    return failStart(
        kDescription,
        Status(ErrorCode::kUsage,
               "flink-worker is started by flink-taskmanager only: descriptor 3 is not open"),
        kExitUsage);
  }
  if (takeDescriptor(kLastWordsDescriptor)) worker::installCrashHandler(kLastWordsDescriptor);
  TerminationSignal termination;
  const std::string logFile = arguments.value("--log").value_or("");
  if (const Status status = configureProcessLog({}, logFile); !status.isOk())
    return failStart(kDescription, status);
  const SystemClock clock;
  auto files = fs::makeLocalFileSystem();
  auto loop = makeThreadEventLoop("worker", clock);
  worker::Worker::Services services{
      *loop, clock, *files,
      [logFile](const protocol::StartWorkerRequest& start) -> worker::Worker::RebuildResult {
        FLINK_RETURN_IF_ERROR(configureProcessLog(workerLogSettings(start), logFile));
        worker::setCrashLibrary(start.libraryPath);
        return program::rebuildProgram(start.libraryPath, start.graph);
      },
      metrics::restProcessFigures,
      // User code may hang in a destructor or hold threads: nothing of it is worth waiting for.
      [] { exitNow(kExitOk); }, [] { exitNow(kExitFailed); }};
  worker::Worker worker(std::move(services),
                        control::adoptLocalChannel(OwnedFd(kChannelDescriptor)));
  worker.start();
  termination.wait();
  exitNow(kExitOk);
}

}  // namespace
}  // namespace flink::apps

int main(int argc, char** argv) {
  using namespace flink::apps;
  ProcessArguments arguments;
  if (const auto code = parseArguments(argc, argv, kDescription, arguments)) return *code;
  return run(arguments);
}
