#include "job_run.h"

#include <algorithm>
#include <utility>

#include "cluster/worker/task_spec.h"
#include "core/base/check.h"
#include "dataflow/operators/operator_failure.h"
#include "task_run.h"

namespace flink::conformance {

namespace {

/// A name only: nothing is stored in files.
constexpr const char* kCheckpointFolder = "checkpoint";
/// Segments larger than what a script's line can fill.
constexpr std::size_t kSegmentBytes = 1 << 16;

ResultPartitionId partitionOf(const protocol::JobGraph& graph, const protocol::JobEdge& edge,
                              int attempt) {
  return {edge.dataSet, {graph.id, edge.source, 0, attempt}};
}

/// What the JobManager would send for a vertex of parallelism 1.
protocol::TaskDeploymentDescriptor deploymentOf(const protocol::JobGraph& graph,
                                                const protocol::JobVertex& vertex, int attempt,
                                                const TaskManagerId& taskManager) {
  protocol::TaskDeploymentDescriptor deployment;
  deployment.attempt = {graph.id, vertex.id, 0, attempt};
  for (const protocol::JobEdge& edge : graph.edges) {
    const ResultPartitionId partition = partitionOf(graph, edge, attempt);
    if (edge.target == vertex.id) {
      protocol::InputGateDescriptor gate;
      gate.dataSet = edge.dataSet;
      gate.streamNode = edge.targetStreamNode;
      gate.inputIndex = edge.targetInput;
      gate.channels.push_back({partition, 0, {taskManager, "", 0}});
      deployment.inputGates.push_back(std::move(gate));
    }
    if (edge.source == vertex.id)
      deployment.producedPartitions.push_back({partition, 1, {taskManager}});
  }
  return deployment;
}

/// The job as a checkpoint's state is dealt out to it.
std::vector<checkpoint::RecoveryVertex> recoveryVertices(const protocol::JobGraph& graph) {
  std::vector<checkpoint::RecoveryVertex> vertices;
  for (const protocol::JobVertex& vertex : graph.vertices) {
    checkpoint::RecoveryVertex next;
    next.id = vertex.id;
    next.name = vertex.name;
    next.maxParallelism = static_cast<std::uint32_t>(vertex.maxParallelism);
    for (const protocol::ChainedOperator& op : vertex.operators)
      next.operators.push_back({op.id, op.name, ""});
    for (const protocol::JobEdge& edge : graph.edges) {
      if (edge.target != vertex.id) continue;
      const auto source =
          std::find_if(graph.vertices.begin(), graph.vertices.end(),
                       [&](const auto& candidate) { return candidate.id == edge.source; });
      next.inputs.push_back(static_cast<std::size_t>(source - graph.vertices.begin()));
    }
    vertices.push_back(std::move(next));
  }
  return vertices;
}

}  // namespace

// --- timers and executor

operators::ProcessingTimeService::TimerId ScriptedTimers::registerTimer(types::Timestamp time,
                                                                        Callback callback) {
  timers_.emplace(std::pair(time, ++lastId_), std::move(callback));
  return static_cast<TimerId>(lastId_);
}

void ScriptedTimers::cancel(TimerId timer) {
  std::erase_if(timers_, [&](const auto& entry) {
    return entry.first.second == static_cast<std::uint64_t>(timer);
  });
}

bool ScriptedTimers::runOne() {
  const auto first = timers_.begin();
  if (first == timers_.end() || first->first.first > now()) return false;
  const Callback callback = std::move(first->second);
  const types::Timestamp time = first->first.first;
  timers_.erase(first);
  callback(time);
  return true;
}

std::shared_ptr<Executor::Handle> NoExecutor::add(Steppable& /*task*/) {
  FLINK_CHECK(false, "scripts drive their tasks themselves");
  return nullptr;
}

void NoExecutor::await(WaitCondition& condition) {
  FLINK_CHECK(condition.ready(), "one line of a script fills no edge");
}

// --- the job

JobRun::JobRun(const protocol::JobGraph& graph, const operators::OperatorCatalog& catalog,
               Transcript& transcript)
    : graph_(graph),
      catalog_(catalog),
      transcript_(transcript),
      rootGroup_(registry_.root("taskmanager", {{"tm_id", "script"}})),
      jobGroup_(rootGroup_->scopedChild("job", {{"job_name", graph.name}})) {}

JobRun::~JobRun() {
  close();
}

void JobRun::build() {
  network_ = std::make_unique<task::FakeNetwork>(executor_, kSegmentBytes);
  const TaskManagerId taskManager("script");
  const worker::TaskSpecContext context{graph_, taskManager, ""};
  for (const protocol::JobVertex& vertex : graph_.vertices) {
    auto spec = operators::valueOrThrow(worker::makeTaskSpec(
        context, deploymentOf(graph_, vertex, attempt_, taskManager), std::int64_t{1} << 25));
    tasks_.push_back(std::make_unique<TaskRun>(
        std::move(spec),
        TaskRun::Services{catalog_, *network_, *jobGroup_, clock_, timers_, executor_}));
  }
}

void JobRun::open() {
  build();
  openTasks();
}

void JobRun::openTasks() {
  // Consumers first: a source may emit while it opens.
  for (auto task = tasks_.rbegin(); task != tasks_.rend(); ++task) (*task)->open();
  settle();
}

void JobRun::play(const ScriptLine& line) {
  switch (line.kind) {
    case 'P':
      moveClock(line.time);
      return;
    case 'S':
      restart();
      return;
    case 'Z':
      endSources();
      return;
    case 'R':
      throw ScriptMistake("scripts that change the parallelism are not played yet");
    default:
      break;
  }
  const auto feed = transcript_.feeds.find(line.side);
  if (feed == transcript_.feeds.end())
    throw ScriptMistake("the program has no source for the script's side: side=" + line.side);
  feed->second.push_back(line);
  for (const auto& task : tasks_) task->pollSource();
  settle();
}

void JobRun::passOnRest() noexcept {
  for (const auto& task : tasks_) {
    try {
      task->flush();
    } catch (...) {
      continue;  // one failure is enough
    }
  }
}

void JobRun::settle() {
  for (bool worked = true; worked;) {
    worked = false;
    for (const auto& task : tasks_) worked = task->work() || worked;
  }
}

void JobRun::moveClock(types::Timestamp time) {
  clock_.moveTo(MonotonicTime(std::chrono::milliseconds(time)));
  while (timers_.runOne()) settle();
}

void JobRun::endSources() {
  for (const auto& task : tasks_) {
    task->endEventTime();
    settle();
  }
  for (const auto& task : tasks_) {
    task->endSource();
    settle();
  }
}

void JobRun::restart() {
  const checkpoint::CheckpointMetadata metadata = takeSnapshot();
  close();
  ++attempt_;
  build();
  const checkpoint::RecoveryPlan plan =
      operators::valueOrThrow(checkpoint::planRecovery(metadata, recoveryVertices(graph_), false));
  for (std::size_t i = 0; i < tasks_.size(); ++i)
    tasks_[i]->restore(plan.vertices[i].subtasks.at(0));
  openTasks();
}

checkpoint::CheckpointMetadata JobRun::takeSnapshot() {
  checkpoint::CheckpointMetadata head;
  head.job = graph_.id;
  head.jobName = graph_.name;
  head.id = ++lastCheckpoint_;
  head.timestampMs = clock_.wallMs();
  checkpoint::MetadataBuilder builder(head);
  for (const protocol::JobVertex& vertex : graph_.vertices) {
    for (const protocol::ChainedOperator& op : vertex.operators) {
      builder.addOperator(
          {op.id, op.name, "", 1, static_cast<std::uint32_t>(vertex.maxParallelism), {}, {}});
    }
  }
  for (const auto& task : tasks_) {
    // As behind a barrier: what the producers emitted in front of it has been processed.
    settle();
    builder.addSubtask(0, task->snapshot(lastCheckpoint_));
  }
  const std::string stored =
      checkpoint::encodeMetadata(std::move(builder).build(), kCheckpointFolder);
  return operators::valueOrThrow(checkpoint::decodeMetadata(asBytes(stored), kCheckpointFolder));
}

void JobRun::close() {
  tasks_.clear();
  timers_.clear();
}

}  // namespace flink::conformance
