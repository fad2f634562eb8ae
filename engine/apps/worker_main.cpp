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
#include "core/fs/output_rotation.h"
#include "core/metrics/process_metrics.h"

namespace flink::apps {
namespace {

Logger kLog{"flink.worker.process"};

constexpr int kChannelDescriptor = 3;
constexpr int kLastWordsDescriptor = 4;
constexpr Duration kOutputWatchInterval = std::chrono::seconds(1);

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

/// What user code prints goes to files that nobody else looks after: from now on the full ones make
/// room.
void watchOutput(EventLoop& loop, std::int64_t maxBytes, int maxFiles) {
  for (const int output : {STDOUT_FILENO, STDERR_FILENO}) {
    const Status status = fs::rotateOutput(output, maxBytes, maxFiles);
    if (status.isOk()) continue;
    FLINK_WARN(kLog, "output files grow without limit from now on reason={}", status.toString());
    return;
  }
  loop.schedule(kOutputWatchInterval,
                [&loop, maxBytes, maxFiles] { watchOutput(loop, maxBytes, maxFiles); });
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
      [logFile, &loop](const protocol::StartWorkerRequest& start) -> worker::Worker::RebuildResult {
        const auto logSettings = workerLogSettings(start);
        FLINK_RETURN_IF_ERROR(configureProcessLog(logSettings, logFile));
        watchOutput(*loop, logSettings.getValidated(config::kEnvLogMaxSize).bytes,
                    logSettings.getValidated(config::kEnvLogMax));
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
