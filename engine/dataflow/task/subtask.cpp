#include "dataflow/task/subtask.h"

#include <utility>

#include <fmt/format.h>

#include "core/base/current_code.h"
#include "core/base/error_codes.h"
#include "core/metrics/accumulated_value.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/task/user_code.h"

namespace flink::task {

Subtask::Subtask(TaskSpec spec, const TaskServices& services)
    : spec_(std::move(spec)),
      services_(services),
      name_(fmt::format("{} ({}/{})#{}", spec_.taskName, spec_.attempt.subtask + 1,
                        spec_.parallelism, spec_.attempt.attempt)),
      probe_(spec_, *services.jobGroup, *services.clock),
      timers_(*services.clock, services.timers, [wakeUp = wakeUp_] { wakeUp->wake(); }),
      collectPort_(
          std::make_shared<CollectPort>(spec_.attempt, *services.listener, *services.executor)),
      bufferTimeout_(std::chrono::milliseconds(spec_.bufferTimeoutMs)) {
  probe_.watchMailbox([mailbox = mailbox_] { return mailbox->size(); });
}

Subtask::~Subtask() {
  wakeUp_->remove();
}

// --- any thread
// ------------------------------------------------------------------------------------------------------

void Subtask::start() {
  startedAt_ = services_.clock->now();
  report(TaskState::kDeploying);
  Status status;
  {
    const CodeScope scope(name_.c_str(), nullptr);
    try {
      status = build();
    } catch (...) {
      status = describeUserException();
    }
  }
  if (!status.isOk()) {
    end(TaskState::kFailed, std::move(status));
    return;
  }
  report(TaskState::kInitializing);
  built_.store(true);
  // A cancel() before the line above left the outputs to us; one after it releases them itself.
  if (cancelRequested_->load())
    releaseOutputs(Status(ErrorCode::kCancelled, "the task was cancelled: task=" + name_));
  wakeUp_->attach(services_.executor->add(*this));
}

bool Subtask::stopOpen() {
  Fate fate = Fate::kOpen;
  return fate_.compare_exchange_strong(fate, Fate::kStopped) || fate == Fate::kStopped;
}

void Subtask::cancel() {
  // In this order: who sees the fate must find the reason.
  if (cancelRequested_->exchange(true) || !stopOpen()) return;
  interruption_->store(true);
  collectPort_->close();
  // Also ends a step that waits for room in the middle of a record.
  if (built_.load())
    releaseOutputs(Status(ErrorCode::kCancelled, "the task was cancelled: task=" + name_));
  wakeUp_->wake();
}

void Subtask::fail(Status reason) {
  mailbox_->put(reason);
  if (!stopOpen()) return;
  interruption_->store(true);
  collectPort_->close();
  if (built_.load()) releaseOutputs(reason);
  wakeUp_->wake();
}

void Subtask::deliverEvent(const OperatorId& op, std::string payload) {
  if (fate_.load(std::memory_order_acquire) != Fate::kOpen) return;
  mailbox_->put(OperatorEvent{op, std::move(payload)});
  wakeUp_->wake();
}

std::string_view Subtask::currentOperator() const {
  return currentCode.task == name_.c_str() && currentCode.op != nullptr
             ? std::string_view(currentCode.op)
             : std::string_view();
}

// --- life cycle
// ------------------------------------------------------------------------------------------------------

Status Subtask::build() {
  for (const TaskOutput& output : spec_.outputs) {
    FLINK_ASSIGN_OR_RETURN(auto partition,
                           services_.network->createPartition(output.partition, probe_.group()));
    partition->setAvailabilityCallback([wakeUp = wakeUp_] { wakeUp->wake(); });
    partitions_.push_back(std::move(partition));
  }
  FLINK_ASSIGN_OR_RETURN(chain_, OperatorChain::build(spec_, partitions_, chainServices()));
  FLINK_ASSIGN_OR_RETURN(input_, InputReader::make(spec_, *services_.catalog, *services_.network,
                                                   *chain_, *services_.clock, probe_.group()));
  return Status::ok();
}

OperatorChain::Services Subtask::chainServices() {
  OperatorChain::Services services;
  services.catalog = services_.catalog;
  services.probe = &probe_;
  services.clock = services_.clock;
  services.files = services_.files;
  services.processingTime = &timers_;
  services.executor = services_.executor;
  services.wake = [wakeUp = wakeUp_] { wakeUp->wake(); };
  services.cancelled = [flag = cancelRequested_] { return flag->load(std::memory_order_acquire); };
  services.sendToCoordinator = [this](const OperatorId& op, std::string payload) {
    services_.listener->onOperatorEvent(spec_.attempt, op, std::move(payload));
  };
  services.setAccumulator = [this](const std::string& name, std::string value) {
    const auto [entry, isNew] = accumulators_.try_emplace(name, value);
    if (!isNew) entry->second = metrics::addAccumulated(entry->second, value);
  };
  services.collect = [port = collectPort_](const std::string& id,
                                           std::vector<std::string>& records) {
    return port->send(id, records);
  };
  return services;
}

void Subtask::open() {
  operators::throwIfError(restore());
  if (!hadFinished_) chain_->open();
  input_->start([wakeUp = wakeUp_] { wakeUp->wake(); });
  phase_ = Phase::kRunning;
  const MonotonicTime now = services_.clock->now();
  lastCall_ = lastFlush_ = now;
  probe_.setInitializationTime(now - startedAt_);
  probe_.times().enter(Activity::kBusy, now);
  report(TaskState::kRunning);
  if (!hadFinished_) return;
  input_->discardRecords();
  chain_->endEdges();
  operators::throwIfError(beginDraining());
}

Status Subtask::restore() {
  if (spec_.checkpointing.restore.empty()) return Status::ok();
  FLINK_ASSIGN_OR_RETURN(const checkpoint::TaskRestore from,
                         checkpoint::decodeTaskRestore(asBytes(spec_.checkpointing.restore)));
  hadFinished_ = from.finished;
  return chain_->restore(from, *services_.files, [flag = cancelRequested_] {
    return flag->load(std::memory_order_acquire);
  });
}

Status Subtask::readMail() {
  if (cancelRequested_->load(std::memory_order_acquire))
    return {ErrorCode::kCancelled, "the task was cancelled"};
  Status failure;
  const std::size_t mails = mailbox_->drain([&](Mail&& mail) {
    const Status status = treat(std::move(mail));
    if (failure.isOk()) failure = status;
  });
  if (mails > 0) probe_.countMails(mails);
  return failure;
}

Status Subtask::treat(Mail&& mail) {
  if (auto* reason = std::get_if<Status>(&mail)) return std::move(*reason);
  if (const auto* event = std::get_if<OperatorEvent>(&mail)) {
    if (!hadFinished_) chain_->handleEvent(event->op, event->payload);
  } else if (auto* barrier = std::get_if<CheckpointBarrier>(&mail)) {
    triggers_.push_back(std::move(*barrier));
  } else if (const auto* notice = std::get_if<CheckpointNotice>(&mail)) {
    if (!notice->complete) return onCheckpointAborted(notice->id);
    onCheckpointComplete(notice->id);
  } else {
    onSnapshotStored(std::get<SnapshotStored>(mail).id);
  }
  return Status::ok();
}

Status Subtask::finishOutputs() {
  for (const auto& partition : partitions_) FLINK_RETURN_IF_ERROR(partition->finish());
  return Status::ok();
}

StepResult Subtask::end(TaskState state, std::optional<Status> failure) {
  phase_ = Phase::kEnded;
  collectPort_->close();
  for (const RunningSnapshot& snapshot : std::exchange(snapshots_, {})) {
    if (snapshot.store != nullptr) snapshot.store->giveUp();
  }
  const Status reason =
      failure ? *failure : Status(ErrorCode::kCancelled, "the task was cancelled: task=" + name_);
  if (state != TaskState::kFinished) releaseOutputs(reason);
  if (chain_ != nullptr) {
    const CodeScope scope(name_.c_str(), nullptr);
    const Status closed =
        chain_->close();  // a finished task has closed its operators before its outputs
    if (!closed.isOk()) {
      FLINK_WARN(kLog, "operators failed to close after the task: task=\"{}\" error={}", name_,
                 closed.toString());
    }
  }
  timers_.close();
  if (input_ != nullptr) input_->close();
  publish();
  probe_.times().enter(Activity::kNone);
  probe_.close();
  fate_.store(Fate::kEnded, std::memory_order_release);
  report(state, failure);
  return StepResult::kDone;
}

void Subtask::releaseOutputs(const Status& reason) {
  for (const auto& partition : partitions_) partition->release(reason);
}

void Subtask::report(TaskState state, const std::optional<Status>& failure) {
  static const std::map<std::string, std::string> kNone;
  const bool final =
      state == TaskState::kFinished || state == TaskState::kCanceled || state == TaskState::kFailed;
  services_.listener->onStateChanged(spec_.attempt, state, failure, final ? accumulators_ : kNone);
}

std::unique_ptr<Task> makeTask(TaskSpec spec, const TaskServices& services) {
  return std::make_unique<Subtask>(std::move(spec), services);
}

}  // namespace flink::task
