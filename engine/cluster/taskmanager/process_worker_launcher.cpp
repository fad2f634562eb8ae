#include "cluster/taskmanager/process_worker_launcher.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::taskmanager {

namespace {

constexpr std::size_t kMaxLastWordsBytes = 64U << 10;

/// Reads what the worker wrote to its anonymous file.
std::string readLastWords(int fd) {
  std::string text(kMaxLastWordsBytes, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = ::pread(fd, text.data() + size, text.size() - size, static_cast<off_t>(size));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    size += static_cast<std::size_t>(n);
  }
  text.resize(size);
  return text;
}

class SystemWorkerProcess final : public WorkerProcess {
 public:
  SystemWorkerProcess(std::unique_ptr<ChildProcess> child,
                      std::unique_ptr<control::LocalChannel> channel)
      : child_(std::move(child)), channel_(std::move(channel)) {}
  ~SystemWorkerProcess() override { channel_->stop(); }

  [[nodiscard]] int pid() const override { return child_->pid(); }
  control::LocalChannel& channel() override { return *channel_; }
  void kill(int signal) override { child_->kill(signal); }

 private:
  std::unique_ptr<ChildProcess> child_;
  std::unique_ptr<control::LocalChannel> channel_;
};

class ProcessWorkerLauncher final : public WorkerLauncher {
 public:
  ProcessWorkerLauncher(std::string workerBinary, ProcessLauncher& processes)
      : workerBinary_(std::move(workerBinary)), processes_(processes) {}

  Result<std::unique_ptr<WorkerProcess>> launch(WorkerLaunch launch,
                                                std::function<void(WorkerExit)> onExit) override {
    FLINK_ASSIGN_OR_RETURN(auto pair, control::makeLocalChannelPair());
    // Memory, not a file: nothing to clean up, and it takes the words even on a full disk.
    OwnedFd words(::memfd_create("flink-last-words", MFD_CLOEXEC));
    OwnedFd wordsForChild(words.valid() ? ::dup(words.get()) : -1);
    if (!wordsForChild.valid()) {
      return Status(ErrorCode::kProcessSpawn,
                    fmt::format("no descriptor for a worker: job={} reason={}", launch.job.toHex(),
                                std::strerror(errno)));
    }
    ProcessSpec spec;
    spec.argv = {workerBinary_, "--job", launch.job.toHex(), "--taskmanager",
                 launch.taskManager.text()};
    if (!launch.logFile.empty()) {
      spec.argv.insert(spec.argv.end(), {"--log", launch.logFile});
    }
    spec.stdoutFile = launch.outFile;
    spec.stderrFile = launch.errFile;
    spec.inherited.push_back(std::move(pair.second));
    spec.inherited.push_back(std::move(wordsForChild));
    auto shared = std::make_shared<OwnedFd>(std::move(words));
    FLINK_ASSIGN_OR_RETURN(auto child,
                           processes_.spawn(std::move(spec), [shared, onExit](ExitStatus status) {
                             onExit({status, readLastWords(shared->get())});
                           }));
    return std::unique_ptr<WorkerProcess>(
        std::make_unique<SystemWorkerProcess>(std::move(child), std::move(pair.first)));
  }

 private:
  std::string workerBinary_;
  ProcessLauncher& processes_;
};

}  // namespace

std::unique_ptr<WorkerLauncher> makeProcessWorkerLauncher(std::string workerBinary,
                                                          ProcessLauncher& processes) {
  return std::make_unique<ProcessWorkerLauncher>(std::move(workerBinary), processes);
}

}  // namespace flink::taskmanager
