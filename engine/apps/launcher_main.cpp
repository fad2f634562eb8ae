#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include "api/program/job_library.h"
#include "apps/mini_cluster.h"
#include "apps/process.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"

namespace flink::apps {
namespace {

/// FLINK_LOCAL_SLOTS, else as many as there are cores.
Result<int> localSlots() {
  const char* given = std::getenv("FLINK_LOCAL_SLOTS");
  if (given == nullptr) return static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  const std::string_view text(given);
  int slots = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), slots);
  if (error == std::errc() && end == text.data() + text.size() && slots >= 1) return slots;
  return Status(
      ErrorCode::kUsage,
      fmt::format("FLINK_LOCAL_SLOTS must be a number of slots, 1 or more: value={}", text));
}

int fail(const char* program, const Status& status, int exitCode) {
  fmt::print(stderr, "{}: error {}\n", program, status.toString());
  return exitCode;
}

int runLinkedJob(int argc, char** argv) {
  const auto job = program::findJob(program::linkedJobs(), "", argv[0]);
  if (!job) return fail(argv[0], job.status(), kExitUsage);
  const auto slots = localSlots();
  if (!slots) return fail(argv[0], slots.status(), kExitUsage);
  LogSettings log;
  log.rootLevel = LogLevel::kWarn;  // the job's own output is what matters here
  configureLogging(log);
  MiniCluster::Options options;
  options.slotsPerTaskManager = *slots;
  options.configuration["parallelism.default"] = std::to_string(*slots);
  MiniCluster cluster(std::move(options));
  Status status = cluster.start();
  if (status.isOk())
    status = cluster.run(*job, std::vector<std::string>(argv + 1, argv + argc)).status;
  cluster.stop();
  return status.isOk() ? kExitOk : fail(argv[0], status, kExitFailed);
}

}  // namespace
}  // namespace flink::apps

/// main() of a job whose source is linked as an executable: runs it on a MiniCluster of this
/// process.
///   <job> [arguments of the job]      FLINK_LOCAL_SLOTS: parallelism (default: as many as cores)
int main(int argc, char** argv) {
  return flink::apps::runLinkedJob(argc, argv);
}
