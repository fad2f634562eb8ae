#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "api/program/job_library.h"
#include "apps/mini_cluster.h"
#include "apps/process.h"
#include "core/base/log.h"

/// main() of a job whose source is linked as an executable: runs it on a MiniCluster of this
/// process.
///   <job> [arguments of the job]      FLINK_LOCAL_SLOTS: parallelism (default: as many as cores)
int main(int argc, char** argv) {
  using namespace flink;
  const auto job = program::findJob(program::linkedJobs(), "", argv[0]);
  if (!job) {
    fmt::print(stderr, "{}: error {}\n", argv[0], job.status().toString());
    return apps::kExitUsage;
  }
  LogSettings log;
  log.rootLevel = LogLevel::kWarn;  // the job's own output is what matters here
  configureLogging(log);
  apps::MiniCluster::Options options;
  options.slotsPerTaskManager = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  if (const char* slots = std::getenv("FLINK_LOCAL_SLOTS"); slots != nullptr)
    options.slotsPerTaskManager = std::atoi(slots);
  options.configuration["parallelism.default"] = std::to_string(options.slotsPerTaskManager);
  apps::MiniCluster cluster(std::move(options));
  Status status = cluster.start();
  if (status.isOk())
    status = cluster.run(*job, std::vector<std::string>(argv + 1, argv + argc)).status;
  if (!status.isOk()) fmt::print(stderr, "{}: error {}\n", argv[0], status.toString());
  cluster.stop();
  return status.isOk() ? apps::kExitOk : apps::kExitFailed;
}
