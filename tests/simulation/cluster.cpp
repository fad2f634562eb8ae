#include "tests/simulation/cluster.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "api/program/job_library.h"
#include "api/program/program_runner.h"
#include "cluster/control/rpc.h"
#include "cluster/jobmanager/job_manager.h"
#include "cluster/taskmanager/task_manager.h"
#include "cluster/worker/worker.h"
#include "core/base/check.h"
#include "core/config/options/jobmanager_options.h"
#include "tests/simulation/execution.h"

namespace flink::simulation {
namespace {

constexpr int kJobManagerHost = 0;
constexpr Duration kLongestReaping = std::chrono::milliseconds(3);

/// Runs what waits for the disk: in any order, beside everything else.
class DiskWork {
 public:
  DiskWork(Kernel& kernel, const ProcessRef& process)
      : executor_(makeExecutor(kernel, process, std::chrono::milliseconds(1))) {}
  std::function<void(std::function<void()>)> runner() {
    return [this](std::function<void()> work) { executor_->runBlocking(std::move(work)); };
  }
  void stop() { executor_->stop(); }

 private:
  std::unique_ptr<Executor> executor_;
};

worker::Worker::RebuildResult rebuild(const protocol::StartWorkerRequest& start) {
  FLINK_ASSIGN_OR_RETURN(
      const auto job,
      program::findJob(program::linkedJobs(), start.graph.program.entry, "the simulation"));
  return program::rebuildProgram(job, start.graph);
}

}  // namespace

/// One worker process. A killed one is cut off from everything and comes to its end unseen.
class WorkerNode {
 public:
  WorkerNode(World& world, const ProcessRef& process,
             std::unique_ptr<control::LocalChannel> channel,
             std::function<void(taskmanager::WorkerExit)> onExit)
      : world_(world),
        process_(process),
        files_(world.disk.view(process)),
        loop_(makeLoop(world.kernel, process)),
        onExit_(std::move(onExit)) {
    worker::Worker::Services services{*loop_,
                                      world.kernel.clock(),
                                      *files_,
                                      rebuild,
                                      {},
                                      [this] { endLater(); },
                                      [this] {
                                        die({std::nullopt, SIGKILL});
                                      }};
    services.platform.makeExecutor = [this](const ExecutorOptions&, const Clock&) {
      return simulation::makeExecutor(world_.kernel, process_, world_.stepBudget);
    };
    services.platform.makeStreamTransport = [this](int) {
      return world_.streams.makeTransport(process_);
    };
    services.platform.makeRng = [this] { return world_.kernel.makeRng(); };
    channelOfWorker_ = channel.get();
    worker_ = std::make_unique<worker::Worker>(std::move(services), std::move(channel));
    worker_->start();
  }

  void die(ExitStatus status) {
    if (!process_->alive) return;
    process_->alive = false;
    world_.streams.processEnded(*process_);
    // Its code learns of the end of the channel too, which makes it stop.
    channelOfWorker_->disconnect(control::LocalChannel::kPeer);
    reportExit(status);
  }
  [[nodiscard]] bool alive() const { return process_->alive; }
  [[nodiscard]] bool ended() const { return worker_ == nullptr; }

 private:
  void reportExit(ExitStatus status) {
    auto told = std::exchange(onExit_, nullptr);
    if (told == nullptr) return;
    world_.outside->postAfter(world_.kernel.upTo(kLongestReaping),
                              [told = std::move(told), status] {
                                told({status, ""});
                              });
  }
  void endLater() {
    world_.outside->post([this] {
      if (process_->alive) {
        process_->alive = false;
        reportExit({0, 0});
      }
      worker_.reset();
      loop_->stop();
      world_.streams.processEnded(*process_);
    });
  }

  World& world_;
  const ProcessRef process_;
  const std::unique_ptr<FileSystem> files_;
  const std::unique_ptr<EventLoop> loop_;
  std::function<void(taskmanager::WorkerExit)> onExit_;
  control::LocalChannel* channelOfWorker_ = nullptr;
  std::unique_ptr<worker::Worker> worker_;
};

/// The supervisor's side of a worker.
class SimulatedWorkerProcess final : public taskmanager::WorkerProcess {
 public:
  SimulatedWorkerProcess(std::shared_ptr<WorkerNode> node, int pid,
                         std::unique_ptr<control::LocalChannel> channel)
      : node_(std::move(node)), pid_(pid), channel_(std::move(channel)) {}
  ~SimulatedWorkerProcess() override { channel_->stop(); }
  [[nodiscard]] int pid() const override { return pid_; }
  control::LocalChannel& channel() override { return *channel_; }
  void kill(int signal) override { node_->die({std::nullopt, signal}); }

 private:
  const std::shared_ptr<WorkerNode> node_;
  const int pid_;
  const std::unique_ptr<control::LocalChannel> channel_;
};

/// One TaskManager process and the workers that it started.
class TaskManagerNode final : private taskmanager::WorkerLauncher {
 public:
  TaskManagerNode(World& world, int host, std::string name)
      : world_(world),
        process_(std::make_shared<Process>(Process{std::move(name), host, true})),
        rng_(world.kernel.makeRng()),
        files_(world.disk.view(process_)),
        registry_(world.kernel.clock()),
        loop_(makeLoop(world.kernel, process_)),
        diskWork_(world.kernel, process_),
        transport_(world.messages.makeTransport(process_, process_->name)) {}
  ~TaskManagerNode() override {
    taskManager_.reset();
    loop_->stop();
    diskWork_.stop();
  }

  Status start() {
    FLINK_ASSIGN_OR_RETURN(auto settings,
                           taskmanager::readTaskManagerSettings(world_.configuration, ""));
    settings.version = "simulated";
    settings.numCores = 2;
    taskmanager::TaskManager::Services services{*loop_,
                                                world_.kernel.clock(),
                                                *rng_,
                                                *files_,
                                                *transport_,
                                                *this,
                                                diskWork_.runner(),
                                                registry_,
                                                {},
                                                [] {},
                                                [](const Status&) {}};
    services.listenForData = [this](
                                 const taskmanager::DataPort::Settings&,
                                 auto handler) -> Result<std::unique_ptr<taskmanager::DataPort>> {
      return world_.streams.listen(process_, std::move(handler));
    };
    taskManager_ =
        std::make_unique<taskmanager::TaskManager>(std::move(settings), std::move(services));
    loop_->post([this] {
      const Status status = taskManager_->start();
      FLINK_CHECK(status.isOk(), "a simulated TaskManager does not start: " + status.toString());
    });
    return Status::ok();
  }

  /// Cut off from everything, with its workers; comes to its end unseen.
  void die() {
    if (!process_->alive) return;
    process_->alive = false;
    world_.messages.processEnded(*process_);
    world_.streams.processEnded(*process_);
    killWorkers();
    loop_->post([this] { taskManager_->stop([this] { stopped_ = true; }); });
  }
  void killWorkers() {
    for (const auto& worker : std::vector(workers_)) worker->die({std::nullopt, SIGKILL});
  }
  [[nodiscard]] bool hasLiveWorker() const {
    return std::any_of(workers_.begin(), workers_.end(),
                       [](const auto& worker) { return worker->alive(); });
  }
  [[nodiscard]] bool ended() const {
    return stopped_ && std::all_of(workers_.begin(), workers_.end(),
                                   [](const auto& worker) { return worker->ended(); });
  }
  [[nodiscard]] int host() const { return process_->host; }

 private:
  Result<std::unique_ptr<taskmanager::WorkerProcess>> launch(
      taskmanager::WorkerLaunch, std::function<void(taskmanager::WorkerExit)> onExit) override {
    const int number = ++numWorkers_;
    const auto process = std::make_shared<Process>(
        Process{fmt::format("{}-worker{}", process_->name, number), process_->host, true});
    auto [mine, theirs] = makeLocalChannels(world_.kernel, process_, process);
    auto node = std::make_shared<WorkerNode>(world_, process, std::move(theirs), std::move(onExit));
    workers_.push_back(node);
    if (!process_->alive) node->die({std::nullopt, SIGKILL});
    return std::unique_ptr<taskmanager::WorkerProcess>(
        std::make_unique<SimulatedWorkerProcess>(std::move(node), number, std::move(mine)));
  }

  World& world_;
  const ProcessRef process_;
  const std::unique_ptr<Rng> rng_;
  const std::unique_ptr<FileSystem> files_;
  metrics::MetricRegistry registry_;
  const std::unique_ptr<EventLoop> loop_;
  DiskWork diskWork_;
  const std::unique_ptr<MessageTransport> transport_;
  std::vector<std::shared_ptr<WorkerNode>> workers_;
  std::unique_ptr<taskmanager::TaskManager> taskManager_;
  int numWorkers_ = 0;
  bool stopped_ = false;
};

/// The JobManager process.
class JobManagerNode {
 public:
  explicit JobManagerNode(World& world)
      : world_(world),
        process_(std::make_shared<Process>(Process{"jobmanager", kJobManagerHost, true})),
        rng_(world.kernel.makeRng()),
        files_(world.disk.view(process_)),
        registry_(world.kernel.clock()),
        loop_(makeLoop(world.kernel, process_)),
        diskWork_(world.kernel, process_),
        transport_(world.messages.makeTransport(process_, process_->name)) {}
  ~JobManagerNode() {
    loop_->stop();
    diskWork_.stop();
  }

  Status start() {
    FLINK_ASSIGN_OR_RETURN(const auto settings,
                           jobmanager::JobManagerSettings::fromConfiguration(world_.configuration));
    jobmanager::JobManagerProcess process;
    process.version = "simulated";
    FLINK_ASSIGN_OR_RETURN(process.host, world_.configuration.get(config::kJobmanagerRpcAddress));
    FLINK_ASSIGN_OR_RETURN(const int port, world_.configuration.get(config::kJobmanagerRpcPort));
    control::RpcEndpoint::Options options;
    options.sender = "jobmanager";
    options.heartbeatInterval = settings.heartbeatInterval;
    options.heartbeatTimeout = settings.heartbeatTimeout;
    rpc_ =
        std::make_unique<control::RpcEndpoint>(options, *loop_, world_.kernel.clock(), *transport_);
    jobManager_ = std::make_unique<jobmanager::JobManager>(
        settings, process,
        jobmanager::JobManager::Environment{*loop_,
                                            world_.kernel.clock(),
                                            *rng_,
                                            *rpc_,
                                            *files_,
                                            registry_,
                                            diskWork_.runner(),
                                            {}});
    loop_->post([this, host = process.host, port] {
      jobManager_->start();
      rpc_->start();
      const auto bound = transport_->bind(fmt::format("{}:{}", host, port));
      FLINK_CHECK(bound.isOk(), "the simulated JobManager has no port");
    });
    return Status::ok();
  }
  void stop() {
    loop_->post([this] {
      jobManager_->stop();
      rpc_->stop();
      process_->alive = false;
      stopped_ = true;
    });
  }
  [[nodiscard]] bool stopped() const { return stopped_; }
  jobmanager::JobManagerGateway& gateway() { return *jobManager_; }

 private:
  World& world_;
  const ProcessRef process_;
  const std::unique_ptr<Rng> rng_;
  const std::unique_ptr<FileSystem> files_;
  metrics::MetricRegistry registry_;
  const std::unique_ptr<EventLoop> loop_;
  DiskWork diskWork_;
  const std::unique_ptr<MessageTransport> transport_;
  std::unique_ptr<control::RpcEndpoint> rpc_;
  std::unique_ptr<jobmanager::JobManager> jobManager_;
  bool stopped_ = false;
};

Cluster::Cluster(World world, int numTaskManagers)
    : world_(std::move(world)), taskManagers_(static_cast<std::size_t>(numTaskManagers)) {}

Cluster::~Cluster() = default;

Status Cluster::start() {
  jobManager_ = std::make_unique<JobManagerNode>(world_);
  FLINK_RETURN_IF_ERROR(jobManager_->start());
  for (int i = 0; i < numTaskManagers(); ++i) startTaskManager(i);
  return Status::ok();
}

jobmanager::JobManagerGateway& Cluster::gateway() {
  return jobManager_->gateway();
}

void Cluster::startTaskManager(int index) {
  auto& node = taskManagers_[static_cast<std::size_t>(index)];
  if (stopping_ || node != nullptr) return;
  node = std::make_unique<TaskManagerNode>(world_, index + 1,
                                           fmt::format("tm{}x{}", index, ++numStarted_));
  const Status status = node->start();
  FLINK_CHECK(status.isOk(), "a simulated TaskManager does not start: " + status.toString());
}

void Cluster::endTaskManager(int index) {
  auto& node = taskManagers_[static_cast<std::size_t>(index)];
  if (node == nullptr) return;
  node->die();
  std::erase_if(dying_, [](const auto& old) { return old->ended(); });
  dying_.push_back(std::move(node));
}

std::vector<int> Cluster::liveWorkers() const {
  std::vector<int> live;
  for (std::size_t i = 0; i < taskManagers_.size(); ++i) {
    if (taskManagers_[i] != nullptr && taskManagers_[i]->hasLiveWorker())
      live.push_back(static_cast<int>(i));
  }
  return live;
}

void Cluster::killWorker(int taskManager) {
  const auto& node = taskManagers_[static_cast<std::size_t>(taskManager)];
  if (node != nullptr) node->killWorkers();
}

void Cluster::killTaskManager(int taskManager, Duration downtime) {
  endTaskManager(taskManager);
  world_.kernel.schedule(world_.outside, downtime,
                         [this, taskManager] { startTaskManager(taskManager); });
}

void Cluster::failHost(int taskManager, Duration downtime) {
  killTaskManager(taskManager, downtime);
  world_.disk.powerFailure(taskManager + 1);
}

void Cluster::partition(int taskManager) {
  world_.messages.partition(kJobManagerHost, taskManager + 1);
}

void Cluster::heal() {
  world_.messages.heal();
  world_.streams.heal();
}

void Cluster::stop() {
  stopping_ = true;
  for (int i = 0; i < numTaskManagers(); ++i) endTaskManager(i);
  if (jobManager_ != nullptr) jobManager_->stop();
}

bool Cluster::stopped() const {
  return (jobManager_ == nullptr || jobManager_->stopped()) &&
         std::all_of(dying_.begin(), dying_.end(), [](const auto& node) { return node->ended(); });
}

}  // namespace flink::simulation
