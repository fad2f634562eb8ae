#include "cluster/worker/coordinators.h"

#include <utility>

#include "dataflow/task/coordinator_task.h"

namespace flink::worker {

Coordinators::Coordinators(Services services) : services_(std::move(services)) {}

Coordinators::~Coordinators() = default;

void Coordinators::open(const ExecutionAttemptId& attempt, const OperatorId& op,
                        const std::string& name, const operators::OperatorFactory& factory,
                        int parallelism, bool batchMode) {
  task::CoordinatorServices services;
  services.clock = &services_.clock;
  services.batchMode = batchMode;
  services.files = &services_.files;
  services.executor = &services_.executor;
  services.sendToSubtask = [this, op](int subtask, std::string payload) {
    services_.sendToSubtask(op, subtask, std::move(payload));
  };
  services.onFailed = [this, attempt](const Status& reason) {
    services_.onFailed(attempt, reason);
  };
  auto& coordinator = running_[op];
  coordinator = std::make_unique<task::CoordinatorTask>(name, factory.createCoordinator(),
                                                        parallelism, std::move(services));
  coordinator->start();
}

bool Coordinators::deliver(const OperatorId& op, int subtask, std::string payload) {
  const auto found = running_.find(op);
  if (found == running_.end()) return false;
  found->second->deliverEvent(subtask, std::move(payload));
  return true;
}

void Coordinators::close() {
  for (auto& entry : running_) entry.second->close();
  running_.clear();
}

}  // namespace flink::worker
