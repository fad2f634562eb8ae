#include "cli/program_command.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "cli/cluster_context.h"
#include "cli/cluster_processes.h"
#include "cli/paths.h"
#include "core/base/error_codes.h"
#include "core/base/mutex.h"
#include "core/config/key_scope.h"
#include "core/config/option_list.h"
#include "core/config/options/checkpointing_options.h"
#include "core/config/options/core_options.h"

namespace flink::cli {

namespace fs = std::filesystem;

namespace {

/// A value that another thread sets once.
template <class T>
class Latch {
 public:
  void set(T value) {
    const MutexLock lock(mutex_);
    if (!value_) value_ = std::move(value);
    changed_.notifyAll();
  }
  T wait() {
    const MutexLock lock(mutex_);
    while (!value_) changed_.wait(mutex_);
    return std::move(*value_);
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  std::optional<T> value_ FLINK_GUARDED_BY(mutex_);
};

/// As the XDG base directory specification has it: a relative XDG_CACHE_HOME does not count.
std::string cacheDirectory() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return std::string(cache) + "/flink-cpp/jobs";
  const char* home = std::getenv("HOME");
  std::string base = home == nullptr ? "" : home;
  if (const passwd* user = base.empty() ? ::getpwuid(::getuid()) : nullptr; user != nullptr)
    base = user->pw_dir;
  return base + "/.cache/flink-cpp/jobs";
}

/// Where a source's library is kept: one place per path and flags; flink-program decides whether it
/// is still fresh.
std::string libraryFor(const std::string& source, const RunOptions& options) {
  std::string identity = source;
  for (const auto& directory : options.classpath) identity += "\n" + directory;
  return fmt::format("{}/{:016x}/{}.so", cacheDirectory(),
                     XXH3_64bits(identity.data(), identity.size()),
                     fs::path(source).stem().string());
}

/// What an ended process has left in the pipe.
std::string readLine(const OwnedFd& pipe) {
  std::string line;
  char buffer[1024];
  for (ssize_t count = 0; (count = ::read(pipe.get(), buffer, sizeof buffer)) > 0;)
    line.append(buffer, static_cast<std::size_t>(count));
  while (line.ends_with('\n')) line.pop_back();
  return line;
}

Result<std::string> compile(const std::string& source, const RunOptions& options) {
  const std::string library = libraryFor(source, options);
  ProcessSpec spec;
  spec.argv = {binDirectory() + "/flink-program", "--compile", source, "-o", library};
  for (const auto& directory : options.classpath)
    spec.argv.insert(spec.argv.end(), {"-I", directory});
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return Status(ErrorCode::kProcessSpawn, std::string("no pipe: ") + std::strerror(errno));
  const OwnedFd report(ends[0]);
  spec.environment["FLINK_READY_FD"] = "3";
  spec.inherited.push_back(OwnedFd(ends[1]));
  Latch<ExitStatus> ended;
  const auto launcher = makeSystemProcessLauncher();
  FLINK_ASSIGN_OR_RETURN(
      auto child, launcher->spawn(std::move(spec), [&](ExitStatus status) { ended.set(status); }));
  const ExitStatus status = ended.wait();
  if (status.exitCode == 0) return library;
  const std::string line = readLine(report);
  if (line.starts_with("error ")) return reportedError(line);
  return Status(ErrorCode::kProgramCompile,
                fmt::format("the job's source could not be compiled: source={} flink-program={}",
                            source, status.toString()));
}

/// What the configuration has to say about -D; the files were checked when the cluster started.
void printPropertyWarnings(const GlobalOptions& global, const ClusterContext& context) {
  for (const config::ConfigWarning& warning : context.warnings) {
    const bool given = std::any_of(global.dynamicProperties.begin(), global.dynamicProperties.end(),
                                   [&](const std::string& property) {
                                     return property.substr(0, property.find('=')) == warning.key;
                                   });
    if (given) std::fprintf(stderr, "warning: %s\n", warning.text.c_str());
  }
  for (const std::string& property : global.dynamicProperties) {
    const auto* option = config::findOption(property.substr(0, property.find('=')));
    if (option == nullptr || config::scopeOf(option->key) != config::KeyScope::kCluster) continue;
    std::fprintf(stderr,
                 "warning: -D %s has no effect on a job: the cluster's processes read it when they "
                 "start; set it in conf/config.yaml or with `flinkctl cluster start -D`\n",
                 std::string(option->key).c_str());
  }
}

}  // namespace

Result<std::string> resolveLibrary(const GlobalOptions& global, const RunOptions& options) {
  if (options.fileAndArguments.empty()) {
    return Status(ErrorCode::kUsage, global.flinkStyle
                                         ? "Java program should be specified a JAR file."
                                         : "a job library (.so) or source (.cpp) is missing");
  }
  const std::string& file = options.fileAndArguments.front();
  std::error_code error;
  if (!fs::exists(file, error)) {
    return Status(ErrorCode::kFileNotFound, "the job's file does not exist: path=" + file);
  }
  const std::string absolute = fs::absolute(file, error).string();
  const std::string extension = fs::path(file).extension();
  if (extension == ".cpp" || extension == ".cc" || extension == ".cxx")
    return compile(absolute, options);
  return absolute;
}

Status withoutJob() {
  return {ErrorCode::kProgramInvalid,
          "The program doesn't contain a Flink job. Perhaps you forgot to call execute() on the "
          "execution environment."};
}

Result<ProgramEnd> runProgram(const GlobalOptions& global, const RunOptions& options,
                              const std::string& library, bool planOnly, EventLoop& loop,
                              control::ProgramRunner::Relay relay) {
  FLINK_ASSIGN_OR_RETURN(const ClusterContext context, loadContext(global));
  printPropertyWarnings(global, context);
  control::ProgramRunner::Spec spec;
  spec.binary = binDirectory() + "/flink-program";
  spec.start.libraryPath = library;
  spec.start.entry = options.entryClass;
  spec.start.arguments.assign(options.fileAndArguments.begin() + 1, options.fileAndArguments.end());
  spec.start.configuration = context.configuration.toMap();
  if (options.parallelism) {
    spec.start.configuration[std::string(config::kParallelismDefault.key)] =
        std::to_string(*options.parallelism);
  }
  if (!options.savepoint.empty()) {
    spec.start.configuration[std::string(config::kExecutionStateRecoveryPath.key)] =
        clusterPath(options.savepoint);
  }
  if (options.allowNonRestored) {
    spec.start.configuration[std::string(config::kExecutionStateRecoveryIgnoreUnclaimedState.key)] =
        "true";
  }
  spec.start.detached = options.detached;
  spec.start.planOnly = planOnly;
  std::error_code error;
  spec.start.workingDirectory = fs::current_path(error).string();
  spec.relay = std::move(relay);
  Latch<std::pair<Status, int>> ended;
  spec.done = [&](const Status& status, int numJobs) { ended.set({status, numJobs}); };

  const SystemClock clock;
  const auto launcher = makeSystemProcessLauncher();
  auto runner = control::ProgramRunner::start(std::move(spec), *launcher, loop, clock);
  if (!runner) {
    loop.stop();
    return std::move(runner).status();
  }
  auto [status, numJobs] = ended.wait();
  loop.stop();
  return ProgramEnd{std::move(status), numJobs};
}

}  // namespace flink::cli
