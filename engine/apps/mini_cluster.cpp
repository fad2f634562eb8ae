#include "apps/mini_cluster.h"

#include <filesystem>
#include <future>
#include <system_error>
#include <utility>

#include "core/config/options/core_options.h"
#include "core/config/options/jobmanager_options.h"
#include "core/config/options/taskmanager_options.h"

namespace flink::apps {

MiniCluster::~MiniCluster() {
  stop();
}

config::Configuration MiniCluster::makeConfiguration() const {
  config::Configuration configuration;
  configuration.set(config::kJobmanagerRpcPort, 0);
  configuration.set(config::kJobmanagerEventPort, 0);
  configuration.setString(std::string(config::kBlobServerPort.key), "0");
  configuration.setString("rest.port", "0");
  configuration.set(config::kTaskmanagerNumberOfTaskSlots, options_.slotsPerTaskManager);
  configuration.set(config::kTaskmanagerMemoryProcessSize, config::mebibytes(1728));
  configuration.set(config::kJobmanagerMemoryProcessSize, config::mebibytes(1600));
  for (const auto& [key, value] : options_.configuration) configuration.setString(key, value);
  return configuration;
}

Status MiniCluster::start() {
  config::Configuration configuration = makeConfiguration();
  JobManagerNode::Options jobManager;
  jobManager.serveRest = options_.serveRest;
  jobManager.reportMetrics = false;
  jobManager_ = std::make_unique<JobManagerNode>(configuration, std::move(jobManager));
  FLINK_RETURN_IF_ERROR(jobManager_->start());
  configuration.set(config::kJobmanagerRpcPort, jobManager_->rpcPort());

  std::vector<std::future<Status>> registered;
  for (int i = 0; i < options_.numTaskManagers; ++i) {
    auto outcome = std::make_shared<std::promise<Status>>();
    auto told = std::make_shared<std::atomic_flag>();
    registered.push_back(outcome->get_future());
    TaskManagerNode::Options taskManager;
    taskManager.reportMetrics = false;
    taskManager.onRegistered = [outcome, told] {
      if (!told->test_and_set()) outcome->set_value(Status::ok());
    };
    taskManager.onFatal = [outcome, told](Status status) {
      if (!told->test_and_set()) outcome->set_value(std::move(status));
    };
    taskManagers_.push_back(
        std::make_unique<TaskManagerNode>(configuration, std::move(taskManager)));
    FLINK_RETURN_IF_ERROR(taskManagers_.back()->start());
  }
  for (auto& outcome : registered) FLINK_RETURN_IF_ERROR(outcome.get());
  return Status::ok();
}

void MiniCluster::stop() {
  for (auto& taskManager : taskManagers_) taskManager->stop();
  taskManagers_.clear();
  jobManager_.reset();
}

program::ProgramOutcome MiniCluster::run(const program::RegisteredJob& job,
                                         const std::vector<std::string>& arguments, bool detached) {
  program::ClientRun run;
  run.reference.entry = job.name;
  run.reference.libraryName = job.name;
  run.reference.arguments = arguments;
  std::error_code error;
  run.reference.workingDirectory = std::filesystem::current_path(error).string();
  run.configuration = makeConfiguration().toMap();
  run.detached = detached;
  GatewaySession session(jobManager_->gateway());
  const auto rng = makeSystemRng();
  return program::runProgram(job, run, session, *rng);
}

}  // namespace flink::apps
