#include "apps/taskmanager_node.h"

#include <future>
#include <utility>

#include "api/program/abi.h"
#include "apps/in_process_worker_launcher.h"
#include "apps/loop_calls.h"
#include "cluster/control/rpc.h"
#include "cluster/taskmanager/process_worker_launcher.h"
#include "core/fs/local_file_system.h"
#include "core/metrics/process_metrics.h"

namespace flink::apps {

TaskManagerNode::TaskManagerNode(config::Configuration configuration, Options options)
    : configuration_(std::move(configuration)),
      options_(std::move(options)),
      rng_(makeSystemRng()),
      files_(fs::makeLocalFileSystem()) {}

TaskManagerNode::~TaskManagerNode() {
  stop();
}

Status TaskManagerNode::start() {
  FLINK_ASSIGN_OR_RETURN(auto settings,
                         taskmanager::readTaskManagerSettings(configuration_, options_.logPrefix));
  settings.version = FLINK_VERSION;
  const std::int64_t heapMax = settings.memory.frameworkHeap + settings.memory.taskHeap;
  const std::string host = settings.host;
  loop_ = makeThreadEventLoop("taskmanager", clock_);
  blocking_ = makeThreadEventLoop("tm-blocking", clock_);
  transport_ = control::makeZmqTransport("taskmanager");
  registry_ = std::make_unique<metrics::MetricRegistry>(clock_);
  if (options_.workerBinary.empty()) {
    launcher_ = makeInProcessWorkerLauncher(clock_, *files_);
  } else {
    processes_ = makeSystemProcessLauncher();
    launcher_ = taskmanager::makeProcessWorkerLauncher(options_.workerBinary, *processes_);
  }
  taskManager_ = std::make_unique<taskmanager::TaskManager>(
      std::move(settings),
      taskmanager::TaskManager::Services{
          *loop_, clock_, *rng_, *files_, *transport_, *launcher_,
          [this](std::function<void()> work) { blocking_->post(std::move(work)); }, *registry_,
          metrics::restProcessFigures, options_.onRegistered, options_.onFatal});
  FLINK_RETURN_IF_ERROR(callOnLoop(*loop_, [this] { return taskManager_->start(); }));
  processGroup_ =
      registry_->root("taskmanager", {{"host", host}, {"tm_id", taskManager_->id().text()}});
  // One TaskManager to Flink's users: its workers count.
  metrics::registerProcessMetrics(*processGroup_, clock_, heapMax,
                                  [this] { return taskManager_->processFigures(); });
  if (!options_.reportMetrics) return Status::ok();
  FLINK_ASSIGN_OR_RETURN(reporters_, startReporters(configuration_, [this] {
                           return taskManager_->collectMetrics();
                         }));
  return Status::ok();
}

void TaskManagerNode::stop() {
  if (taskManager_ == nullptr) return;
  reporters_.clear();
  if (processGroup_ != nullptr) processGroup_->close();
  std::promise<void> stopped;
  loop_->post([&] { taskManager_->stop([&] { stopped.set_value(); }); });
  stopped.get_future().wait();
  transport_->stop();
  loop_->stop();
  blocking_->stop();
  taskManager_.reset();
}

}  // namespace flink::apps
