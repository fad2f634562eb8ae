#include "dataflow/task/coordinator_task.h"

#include <atomic>
#include <utility>

#include "dataflow/checkpoint/recovery_plan.h"
#include "dataflow/checkpoint/snapshot_writer.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/task/mailbox.h"
#include "dataflow/task/probe.h"
#include "dataflow/task/processing_timers.h"
#include "dataflow/task/user_code.h"
#include "dataflow/task/wake_up.h"

namespace flink::task {

class CoordinatorTask::Runner final : public Steppable {
 public:
  Runner(std::string name, std::unique_ptr<operators::OperatorCoordinator> coordinator,
         int parallelism, CoordinatorServices services)
      : operatorName_(std::move(name)),
        taskName_("Coordinator of " + operatorName_),
        coordinator_(std::move(coordinator)),
        services_(std::move(services)),
        timers_(*services_.clock, services_.timers, [wakeUp = wakeUp_] { wakeUp->wake(); }) {
    context_.parallelism = parallelism;
    context_.batchMode = services_.batchMode;
    context_.clock = services_.clock;
    context_.files = services_.files;
    context_.executor = services_.executor;
    context_.processingTime = &timers_;
    context_.sendToSubtask = services_.sendToSubtask;
    context_.wake = [wakeUp = wakeUp_] { wakeUp->wake(); };
  }

  void start() {
    if (!started_.exchange(true)) wakeUp_->attach(services_.executor->add(*this));
  }

  void deliver(int subtask, std::string payload) {
    events_.put({subtask, std::move(payload)});
    wakeUp_->wake();
  }

  void close() {
    if (closed_.exchange(true)) return;
    wakeUp_->remove();
    timers_.close();
    if (!opened_) return;
    const CodeScope scope(taskName_.c_str(), operatorName_.c_str());
    try {
      coordinator_->close();
    } catch (...) {  // nobody waits for it any more
      FLINK_WARN(kLog, "a coordinator failed to close: operator={} error={}", operatorName_,
                 describeUserException().toString());
    }
  }

  StepResult step(Duration /*budget*/) override {
    if (failed_) return StepResult::kDone;
    const CodeScope scope(taskName_.c_str(), operatorName_.c_str());
    try {
      if (!std::exchange(opened_, true)) {
        operators::throwIfError(restore());
        coordinator_->open(context_);
      }
      events_.drain(
          [this](Event&& event) { coordinator_->handleEvent(event.subtask, event.payload); });
      coordinator_->poll();
      if (!timers_.runDue(kTimersPerStep)) return StepResult::kProgress;
    } catch (...) {
      fail(describeUserException());
      return StepResult::kDone;
    }
    return StepResult::kWaitingInput;
  }
  [[nodiscard]] std::string_view name() const override { return taskName_; }

 private:
  static constexpr std::size_t kTimersPerStep = 100;
  struct Event {
    int subtask;
    std::string payload;
  };

  /// The coordinator begins where a checkpoint left it.
  Status restore() {
    if (services_.restore.empty()) return Status::ok();
    FLINK_ASSIGN_OR_RETURN(const checkpoint::TaskRestore from,
                           checkpoint::decodeTaskRestore(asBytes(services_.restore)));
    checkpoint::SnapshotReader reader(*services_.files, from.files);
    for (const checkpoint::RestoredOperator& op : from.operators) {
      if (op.id != services_.op || op.coordinatorBlocks.empty()) continue;
      std::string snapshot;
      for (const checkpoint::BlockRef& block : op.coordinatorBlocks) {
        FLINK_ASSIGN_OR_RETURN(const ByteView content, reader.read(op.id, block));
        snapshot.append(asText(content));
      }
      coordinator_->restore(std::move(snapshot));
    }
    return Status::ok();
  }

  void fail(const Status& reason) {
    if (!std::exchange(failed_, true)) services_.onFailed(reason);
  }

  const std::string operatorName_;
  const std::string taskName_;
  const std::unique_ptr<operators::OperatorCoordinator> coordinator_;
  const CoordinatorServices services_;
  operators::CoordinatorContext context_;
  Mailbox<Event> events_;
  const std::shared_ptr<WakeUp> wakeUp_ = std::make_shared<WakeUp>();
  std::atomic<bool> started_{false}, closed_{false};
  // Only touched by steps, and by close() once there are none.
  ProcessingTimers timers_;
  bool opened_ = false;
  bool failed_ = false;
};

CoordinatorTask::CoordinatorTask(std::string name,
                                 std::unique_ptr<operators::OperatorCoordinator> coordinator,
                                 int parallelism, CoordinatorServices services)
    : runner_(std::make_unique<Runner>(std::move(name), std::move(coordinator), parallelism,
                                       std::move(services))) {}
CoordinatorTask::~CoordinatorTask() {
  runner_->close();
}
void CoordinatorTask::start() {
  runner_->start();
}
void CoordinatorTask::deliverEvent(int subtask, std::string payload) {
  runner_->deliver(subtask, std::move(payload));
}
void CoordinatorTask::close() {
  runner_->close();
}

}  // namespace flink::task
