#include "core/base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/mutex.h"

extern "C" char** environ;

namespace flink {
namespace {

std::string systemText(int error) {
  std::string buffer(128, '\0');
  return ::strerror_r(error, buffer.data(), buffer.size());
}

/// All a child needs between fork and exec, prepared before: the child may only make
/// async-signal-safe calls.
struct ExecPlan {
  std::string binary;
  std::vector<std::string> environment;
  std::vector<char*> argv, envp;
  std::vector<int> inherited;
  OwnedFd stdoutFd, stderrFd;
  OwnedFd errorPipe;  ///< the child writes errno here when it fails; closes by exec
  const char* workingDirectory = nullptr;
  pid_t parent = 0;
  bool dieWithParent = false, newSession = false;
};

/// Finds a bare name in PATH, as a shell would.
std::string resolveBinary(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = ::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (true) {
    const std::size_t colon = rest.find(':');
    std::string candidate = std::string(rest.substr(0, colon)) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    if (colon == std::string_view::npos) return name;
    rest.remove_prefix(colon + 1);
  }
}

std::vector<std::string> mergedEnvironment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> merged;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!added.contains(std::string(text.substr(0, text.find('='))))) merged.emplace_back(text);
  }
  for (const auto& [name, value] : added)
    merged.push_back(std::string(name).append("=").append(value));
  return merged;
}

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Status openOutput(const std::string& path, OwnedFd& fd) {
  if (path.empty()) return Status::ok();
  fd = OwnedFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (fd.valid()) return Status::ok();
  return {ErrorCode::kProcessSpawn,
          fmt::format("cannot open the output file: path={} error={}", path, systemText(errno))};
}

/// Moves the inherited descriptors to 3, 4, ... and leaves only them and 0-2 open past exec.
/// Returns false with errno.
bool arrangeDescriptors(const ExecPlan& plan, int errorFd) {
  if (plan.stdoutFd.valid() && ::dup2(plan.stdoutFd.get(), STDOUT_FILENO) < 0) return false;
  if (plan.stderrFd.valid() && ::dup2(plan.stderrFd.get(), STDERR_FILENO) < 0) return false;
  const int first = STDERR_FILENO + 1;
  const int end = first + static_cast<int>(plan.inherited.size());
  // Everything else closes at exec, so that the error pipe works until then.
  if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) !=
      0) {
    const long limit = ::sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < limit; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  for (int target = first; target < end; ++target) {
    const int source = plan.inherited[static_cast<std::size_t>(target - first)];
    // Sources were moved past `end` by the parent, so no target overwrites a later source.
    if (source == errorFd || ::dup2(source, target) < 0) return false;
  }
  return true;
}

[[noreturn]] void reportAndExit(int errorFd, int error) {
  [[maybe_unused]] const ssize_t written = ::write(errorFd, &error, sizeof error);
  ::_exit(127);
}

/// The child's side, in the parent's memory (vfork): only async-signal-safe calls, nothing is
/// allocated or changed.
[[noreturn]] void runChild(const ExecPlan& plan) {
  const int errorFd = plan.errorPipe.get();
  for (int signal = 1; signal < NSIG; ++signal) {  // exec keeps ignored signals ignored
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal, &action, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (plan.newSession) ::setsid();
  if (plan.dieWithParent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // A parent that died before the line above sends no signal.
    if (::getppid() != plan.parent) ::_exit(127);
  }
  if (plan.workingDirectory != nullptr && ::chdir(plan.workingDirectory) != 0)
    reportAndExit(errorFd, errno);
  if (!arrangeDescriptors(plan, errorFd)) reportAndExit(errorFd, errno);
  ::execve(plan.binary.c_str(), plan.argv.data(), plan.envp.data());
  reportAndExit(errorFd, errno);
}

/// Not inlined: the child must not return into the frame that called vfork.
[[gnu::noinline]] pid_t forkChild(const ExecPlan& plan) {
  const pid_t pid = ::vfork();
  if (pid == 0) runChild(plan);
  return pid;
}

/// A started child; its descriptor keeps a reused pid from ever being signalled.
struct Child {
  pid_t pid = 0;
  OwnedFd pidFd;
  std::function<void(ExitStatus)> onExit;
};

class SystemChildProcess final : public ChildProcess {
 public:
  explicit SystemChildProcess(std::shared_ptr<const Child> child) : child_(std::move(child)) {}
  [[nodiscard]] int pid() const override { return child_->pid; }
  void kill(int signal) override {
    ::syscall(SYS_pidfd_send_signal, child_->pidFd.get(), signal, nullptr, 0U);
  }

 private:
  const std::shared_ptr<const Child> child_;
};

/// Spawns and reaps on one thread that lives as long as the launcher: PDEATHSIG fires when the
/// spawning thread ends, not the process, so a child must never hang on a caller's thread.
class SystemProcessLauncher final : public ProcessLauncher {
 public:
  SystemProcessLauncher() : wakeUp_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    FLINK_CHECK(wakeUp_.valid(), "no descriptor for the process launcher");
    thread_ = std::thread([this] { run(); });
    ::pthread_setname_np(thread_.native_handle(), "flink-launcher");
  }

  ~SystemProcessLauncher() override {
    {
      MutexLock lock(mutex_);
      stopped_ = true;
    }
    ring();
    thread_.join();
  }

  Result<std::unique_ptr<ChildProcess>> spawn(ProcessSpec spec,
                                              std::function<void(ExitStatus)> onExit) override {
    if (std::this_thread::get_id() == thread_.get_id())
      return spawnHere(std::move(spec), std::move(onExit));
    Request request{&spec, &onExit, Status::ok(), nullptr, false};
    MutexLock lock(mutex_);
    requests_.push_back(&request);
    ring();
    while (!request.done) answered_.wait(mutex_);
    if (!request.status.isOk()) return std::move(request.status);
    return std::move(request.child);
  }

 private:
  struct Request {
    ProcessSpec* spec;
    std::function<void(ExitStatus)>* onExit;
    Status status;
    std::unique_ptr<ChildProcess> child;
    bool done;
  };

  void ring() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wakeUp_.get(), &one, sizeof one);
  }

  void run() {
    sigset_t all;  // signals of the process belong to its other threads; also none may run in a
                   // vfork child
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
    std::vector<pollfd> watched;
    while (serveRequests()) {
      watched.assign(1, {wakeUp_.get(), POLLIN, 0});
      for (const auto& child : children_) watched.push_back({child->pidFd.get(), POLLIN, 0});
      if (::poll(watched.data(), watched.size(), -1) < 0) continue;
      if (watched[0].revents != 0) {
        std::uint64_t count = 0;
        [[maybe_unused]] const ssize_t got = ::read(wakeUp_.get(), &count, sizeof count);
      }
      reap(watched);
    }
  }

  /// False once the launcher is being destroyed.
  bool serveRequests() {
    while (true) {
      Request* request = nullptr;
      {
        MutexLock lock(mutex_);
        if (requests_.empty()) return !stopped_;
        request = requests_.front();
        requests_.pop_front();
      }
      auto result = spawnHere(std::move(*request->spec), std::move(*request->onExit));
      MutexLock lock(mutex_);
      request->status = result.status();
      if (result.isOk()) request->child = std::move(result).value();
      request->done = true;
      answered_.notifyAll();
    }
  }

  void reap(const std::vector<pollfd>& watched) {
    std::vector<std::pair<std::shared_ptr<Child>, ExitStatus>> ended;
    for (std::size_t i = watched.size() - 1; i >= 1; --i) {
      if (watched[i].revents == 0) continue;
      const std::shared_ptr<Child> child = children_[i - 1];
      int raw = 0;
      if (::waitpid(child->pid, &raw, WNOHANG) == 0) continue;
      children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(i) - 1);
      ExitStatus status;
      if (WIFEXITED(raw)) status.exitCode = WEXITSTATUS(raw);
      if (WIFSIGNALED(raw)) status.signal = WTERMSIG(raw);
      ended.emplace_back(child, status);
    }
    for (auto& [child, status] : ended) {
      auto onExit = std::exchange(child->onExit, nullptr);
      if (onExit) onExit(status);
    }
  }

  Result<std::unique_ptr<ChildProcess>> spawnHere(ProcessSpec spec,
                                                  std::function<void(ExitStatus)> onExit) {
    if (spec.argv.empty()) return Status(ErrorCode::kProcessSpawn, "a process needs argv[0]");
    ExecPlan plan;
    FLINK_RETURN_IF_ERROR(prepare(spec, plan));
    int pipeFds[2];
    if (::pipe2(pipeFds, O_CLOEXEC) != 0) return spawnError(plan.binary, errno);
    OwnedFd errorRead(pipeFds[0]);
    plan.errorPipe = OwnedFd(pipeFds[1]);
    const pid_t pid = forkChild(plan);
    if (pid < 0) return spawnError(plan.binary, errno);
    plan.errorPipe.reset();
    int error = 0;
    ssize_t got = 0;
    do {
      got = ::read(errorRead.get(), &error, sizeof error);
    } while (got < 0 && errno == EINTR);
    if (got == static_cast<ssize_t>(sizeof error)) {
      ::waitpid(pid, nullptr, 0);
      return spawnError(plan.binary, error);
    }
    auto child = std::make_shared<Child>();
    child->pid = pid;
    child->onExit = std::move(onExit);
    child->pidFd = OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
    if (!child->pidFd.valid()) {
      const int reason = errno;
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
      return spawnError(plan.binary, reason);
    }
    children_.push_back(child);
    return std::unique_ptr<ChildProcess>(std::make_unique<SystemChildProcess>(child));
  }

  static Status prepare(ProcessSpec& spec, ExecPlan& plan) {
    plan.binary = resolveBinary(spec.argv[0]);
    plan.environment = mergedEnvironment(spec.environment);
    plan.argv = pointersTo(spec.argv);
    plan.envp = pointersTo(plan.environment);
    plan.workingDirectory = spec.workingDirectory.empty() ? nullptr : spec.workingDirectory.c_str();
    plan.parent = ::getpid();
    plan.dieWithParent = spec.dieWithParent;
    plan.newSession = spec.newSession;
    FLINK_RETURN_IF_ERROR(openOutput(spec.stdoutFile, plan.stdoutFd));
    FLINK_RETURN_IF_ERROR(openOutput(spec.stderrFile, plan.stderrFd));
    const int firstFree = STDERR_FILENO + 1 + static_cast<int>(spec.inherited.size());
    for (OwnedFd& fd : spec.inherited) {
      OwnedFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, firstFree));
      if (!moved.valid()) return spawnError(plan.binary, errno);
      plan.inherited.push_back(moved.get());
      fd = std::move(moved);
    }
    return Status::ok();
  }

  static Status spawnError(const std::string& binary, int error) {
    return {ErrorCode::kProcessSpawn,
            fmt::format("cannot start the process: binary={} error={}", binary, systemText(error))};
  }

  OwnedFd wakeUp_;
  Mutex mutex_;
  ConditionVariable answered_;
  std::deque<Request*> requests_ FLINK_GUARDED_BY(mutex_);
  bool stopped_ FLINK_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<Child>> children_;  // launcher thread only
  std::thread thread_;
};

}  // namespace

std::string ExitStatus::toString() const {
  if (exitCode) return "exit code " + std::to_string(*exitCode);
  const char* name = ::sigabbrev_np(signal);
  return "signal " + std::to_string(signal) + " (" +
         (name != nullptr ? "SIG" + std::string(name) : "unknown") + ")";
}

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

void OwnedFd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::unique_ptr<ProcessLauncher> makeSystemProcessLauncher() {
  return std::make_unique<SystemProcessLauncher>();
}

}  // namespace flink
