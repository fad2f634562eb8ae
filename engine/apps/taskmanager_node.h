#pragma once

#include <functional>
#include <memory>
#include <string>

#include "apps/reporters.h"
#include "cluster/taskmanager/task_manager.h"
#include "cluster/taskmanager/worker_launcher.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/process.h"
#include "core/base/result.h"
#include "core/base/rng.h"
#include "core/config/configuration.h"
#include "core/metrics/registry.h"

namespace flink::apps {

/// A TaskManager with everything it needs, wired: what flink-taskmanager is, and what a MiniCluster
/// has several of. Thread: the owner's. Lifetime: start() once; stop() ends its workers.
class TaskManagerNode {
 public:
  struct Options {
    std::string logPrefix;     ///< path without extension; empty: workers write no files
    std::string workerBinary;  ///< path of flink-worker; empty: workers are threads of this process
    bool reportMetrics = true;  ///< false: no reporter port, whatever the configuration says
    /// Called on the node's loop.
    std::function<void()> onRegistered = [] {};
    std::function<void(Status)> onFatal = [](const Status&) {};
  };
  TaskManagerNode(config::Configuration configuration, Options options);
  ~TaskManagerNode();

  /// Errors: those of the configuration and of the ports.
  Status start();
  void stop();
  [[nodiscard]] int dataPort() const { return taskManager_->dataPort(); }
  [[nodiscard]] const TaskManagerId& id() const { return taskManager_->id(); }

 private:
  config::Configuration configuration_;
  Options options_;
  SystemClock clock_;
  std::unique_ptr<Rng> rng_;
  std::unique_ptr<FileSystem> files_;
  std::unique_ptr<EventLoop> loop_, blocking_;
  std::unique_ptr<MessageTransport> transport_;
  std::unique_ptr<ProcessLauncher> processes_;
  std::unique_ptr<taskmanager::WorkerLauncher> launcher_;
  std::unique_ptr<metrics::MetricRegistry> registry_;
  std::unique_ptr<taskmanager::TaskManager> taskManager_;
  std::shared_ptr<metrics::MetricGroup> processGroup_;
  Reporters reporters_;
};

}  // namespace flink::apps
