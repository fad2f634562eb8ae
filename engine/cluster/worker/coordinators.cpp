#include "cluster/worker/coordinators.h"

#include <utility>

#include "dataflow/task/coordinator_task.h"

namespace flink::worker {

Coordinators::Coordinators(Services services) : services_(std::move(services)) {}

Coordinators::~Coordinators() = default;

void Coordinators::open(const ExecutionAttemptId& attempt, const OperatorId& op,
                        const std::string& name, const operators::OperatorFactory& factory,
                        int parallelism, bool batchMode, std::string restore) {
  task::CoordinatorServices services;
  services.clock = &services_.clock;
  services.batchMode = batchMode;
  services.op = op;
  services.restore = std::move(restore);
  services.files = &services_.files;
  services.executor = &services_.executor;
  services.timers = &services_.timers;
  services.sendToSubtask = [this, op, number = attempt.attempt](int subtask, std::string payload) {
    services_.sendToSubtask(op, number, subtask, std::move(payload));
  };
  services.onFailed = [this, attempt](const Status& reason) {
    services_.onFailed(attempt, reason);
  };
  auto& running = running_[op];
  if (running.task != nullptr) running.task->close();
  running.attempt = attempt;
  running.task = std::make_unique<task::CoordinatorTask>(name, factory.createCoordinator(),
                                                         parallelism, std::move(services));
  running.task->start();
}

bool Coordinators::deliver(const OperatorId& op, int attempt, int subtask, std::string payload) {
  const auto found = running_.find(op);
  if (found == running_.end() || found->second.attempt.attempt != attempt) return false;
  found->second.task->deliverEvent(subtask, std::move(payload));
  return true;
}

void Coordinators::closeOf(const ExecutionAttemptId& attempt) {
  for (auto entry = running_.begin(); entry != running_.end();) {
    if (entry->second.attempt != attempt) {
      ++entry;
      continue;
    }
    entry->second.task->close();
    entry = running_.erase(entry);
  }
}

void Coordinators::close() {
  for (auto& entry : running_) entry.second.task->close();
  running_.clear();
}

}  // namespace flink::worker
