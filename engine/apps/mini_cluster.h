#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/program/program_runner.h"
#include "apps/gateway_session.h"
#include "apps/jobmanager_node.h"
#include "apps/taskmanager_node.h"
#include "core/base/result.h"
#include "core/config/configuration.h"

namespace flink::apps {

/// A whole cluster inside this process: a JobManager, TaskManagers, and workers that are threads.
/// The code is that of the processes; the connections are loopback sockets on free ports. Thread:
/// the owner's; call() from any. Lifetime: start() once; the destructor stops everything and leaves
/// nothing behind.
class MiniCluster {
 public:
  struct Options {
    int numTaskManagers = 1;
    int slotsPerTaskManager = 1;
    bool serveRest = false;
    std::map<std::string, std::string> configuration;  ///< wins over what MiniCluster sets itself
  };
  explicit MiniCluster(Options options) : options_(std::move(options)) {}
  ~MiniCluster();
  MiniCluster(const MiniCluster&) = delete;
  MiniCluster& operator=(const MiniCluster&) = delete;

  /// Returns once all TaskManagers are registered.
  Status start();
  void stop();

  /// Asks the JobManager and waits for its answer.
  template <class Request>
  Result<typename Request::Response> call(Request request) {
    return callGateway(jobManager_->gateway(), std::move(request));
  }
  /// Runs a program that is linked into this process; its jobs run here. An attached program has
  /// ended when this returns.
  program::ProgramOutcome run(const program::RegisteredJob& job,
                              const std::vector<std::string>& arguments, bool detached = false);
  [[nodiscard]] int restPort() const { return jobManager_->restPort(); }
  [[nodiscard]] int rpcPort() const { return jobManager_->rpcPort(); }

 private:
  [[nodiscard]] config::Configuration makeConfiguration() const;

  Options options_;
  std::unique_ptr<JobManagerNode> jobManager_;
  std::vector<std::unique_ptr<TaskManagerNode>> taskManagers_;
};

}  // namespace flink::apps
