#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/jobmanager/gateway.h"
#include "core/config/configuration.h"
#include "tests/simulation/files.h"
#include "tests/simulation/kernel.h"
#include "tests/simulation/messages.h"
#include "tests/simulation/streams.h"

namespace flink::simulation {

class JobManagerNode;
class TaskManagerNode;
class WorkerNode;

/// What all simulated processes share.
struct World {
  Kernel& kernel;
  MessageNetwork& messages;
  StreamNetwork& streams;
  SharedDisk& disk;
  config::Configuration configuration;
  /// Where things outside all processes happen: faults, the end of processes, the scenario.
  std::shared_ptr<Lane> outside;
  Duration stepBudget = std::chrono::milliseconds(1);
};

/// A cluster of simulated processes: the JobManager, TaskManagers and their workers are the real
/// ones, wired as apps/ wires them, on the simulated seams.
/// Thread: start(), and what changes the cluster, from `world.outside`.
class Cluster {
 public:
  Cluster(World world, int numTaskManagers);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  Status start();
  [[nodiscard]] jobmanager::JobManagerGateway& gateway();
  [[nodiscard]] int numTaskManagers() const { return static_cast<int>(taskManagers_.size()); }
  /// Workers that are alive, as indices of their TaskManagers.
  [[nodiscard]] std::vector<int> liveWorkers() const;

  /// SIGKILL of a TaskManager's workers, which it notices.
  void killWorker(int taskManager);
  /// SIGKILL of a TaskManager; its workers die with it, and another one starts after `downtime`.
  void killTaskManager(int taskManager, Duration downtime);
  /// The same, and what its host has not synced is lost.
  void failHost(int taskManager, Duration downtime);
  /// The TaskManager's host and the JobManager's do not reach each other; workers go on.
  void partition(int taskManager);
  void heal();
  /// Ends everything; true from stopped() on when nothing runs any more.
  void stop();
  [[nodiscard]] bool stopped() const;

 private:
  void startTaskManager(int index);
  void endTaskManager(int index);

  World world_;
  std::unique_ptr<JobManagerNode> jobManager_;
  std::vector<std::unique_ptr<TaskManagerNode>> taskManagers_;
  /// Killed, and not at their end yet.
  std::vector<std::unique_ptr<TaskManagerNode>> dying_;
  int numStarted_ = 0;
  bool stopping_ = false;
};

}  // namespace flink::simulation
