#include <utility>

#include "core/base/current_code.h"
#include "core/base/error_codes.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/task/subtask.h"
#include "dataflow/task/user_code.h"

namespace flink::task {
namespace {

/// Lets `handler` interrupt the step that runs on this thread.
class InterruptionScope {
 public:
  InterruptionScope(const std::atomic<bool>& requested, operators::Interruption& handler)
      : previous_(operators::currentInterruption) {
    operators::currentInterruption = {&requested, &handler, false};
  }
  ~InterruptionScope() { operators::currentInterruption = previous_; }
  InterruptionScope(const InterruptionScope&) = delete;
  InterruptionScope& operator=(const InterruptionScope&) = delete;

 private:
  const operators::CurrentInterruption previous_;
};

}  // namespace

StepResult Subtask::step(Duration budget) {
  if (phase_ == Phase::kEnded) return StepResult::kDone;
  budget_ = budget;
  stepBegan_ = lastCall_ = services_.clock->now();
  if (phase_ != Phase::kOpening) probe_.times().enter(Activity::kBusy, stepBegan_);
  if (std::exchange(waitsForOutput_, false)) lastOutputWait_ = stepBegan_ - outputWaitBegan_;
  const CodeScope scope(name_.c_str(), chain_->headName().c_str());
  const InterruptionScope interruptible(*interruption_, *this);
  Result<StepResult> result = StepResult::kProgress;
  try {
    result = advance();
  } catch (...) {
    result = describeUserException();
  }
  if (!result.isOk()) {
    // What user code throws while it is told to stop is not a failure.
    if (cancelRequested_->load(std::memory_order_acquire))
      return end(TaskState::kCanceled, std::nullopt);
    if (fate_.load(std::memory_order_acquire) == Fate::kStopped) {
      // Nor is it the failure for which the task was told to stop.
      mailbox_->drain([&result](Mail&& mail) {
        if (auto* reason = std::get_if<Status>(&mail)) result = std::move(*reason);
      });
    }
    return end(TaskState::kFailed, std::move(result).status());
  }
  if (phase_ == Phase::kEnded) return StepResult::kDone;
  publish();
  publishStateFigures();
  // Writing a snapshot goes on while there is nothing else to do.
  if (hasUnwrittenSnapshot()) return StepResult::kProgress;
  if (*result == StepResult::kWaitingInput) probe_.times().enter(Activity::kIdle);
  if (*result == StepResult::kWaitingOutput) {
    waitsForOutput_ = true;
    outputWaitBegan_ = services_.clock->now();
    probe_.times().enter(Activity::kSoftBackPressured, outputWaitBegan_);
  }
  return *result;
}

void Subtask::onAwait(bool waiting) {
  if (phase_ != Phase::kOpening)
    probe_.times().enter(waiting ? Activity::kHardBackPressured : Activity::kBusy);
}

Result<StepResult> Subtask::advance() {
  if (phase_ == Phase::kOpening) {
    if (cancelRequested_->load(std::memory_order_acquire))
      return Status(ErrorCode::kCancelled, "the task was cancelled");
    open();
    // A local producer's data is worth a step of its own budget, not what opening left of this one.
    return StepResult::kProgress;
  }
  FLINK_RETURN_IF_ERROR(readMail());
  writeSomeSnapshot(kEntriesPerStep);
  if (phase_ == Phase::kRunning) {
    FLINK_ASSIGN_OR_RETURN(const StepResult result,
                           chain_->source() != nullptr ? pollSource() : readInputs());
    if (phase_ == Phase::kRunning) return result;
  }
  return phase_ == Phase::kFinishing ? finishOperators() : drain();
}

bool Subtask::workOffTime() {
  while (true) {
    if (!outputsAvailable()) return false;
    const std::size_t limit = sizer_.limit();
    timeSettled_ = chain_->advance(limit) && timers_.runDue(limit);
    if (timeSettled_) return true;
    if (afterCall(limit)) return false;
  }
}

Result<StepResult> Subtask::readInputs() {
  while (true) {
    if (!workOffTime()) return outputsAvailable() ? StepResult::kProgress : waitForOutput();
    FLINK_ASSIGN_OR_RETURN(const ReadOutcome outcome, input_->readSome(sizer_.limit()));
    if (outcome.kind == ReadOutcome::Kind::kEnded ||
        outcome.kind == ReadOutcome::Kind::kEndOfData) {
      if (!input_->drained()) FLINK_RETURN_IF_ERROR(beginDraining());
      if (phase_ == Phase::kRunning) phase_ = Phase::kFinishing;
      return StepResult::kProgress;
    }
    if (outcome.kind == ReadOutcome::Kind::kNothingNow) return outOfInput();
    yielded_ = false;
    if (outcome.checkpoint) FLINK_RETURN_IF_ERROR(onCheckpointEvent(*outcome.checkpoint));
    probe_.countRecordsIn(outcome.records);
    if (outcome.bytes > 0) probe_.countBytesIn(outcome.bytes);
    if (afterCall(outcome.records)) return StepResult::kProgress;
  }
}

Result<StepResult> Subtask::pollSource() {
  using Poll = operators::SourceOperatorBase::Poll;
  while (true) {
    // A barrier needs no room in the outputs.
    if (timeSettled_) FLINK_RETURN_IF_ERROR(beginTriggered());
    if (phase_ != Phase::kRunning) return StepResult::kProgress;
    if (!workOffTime()) return outputsAvailable() ? StepResult::kProgress : waitForOutput();
    currentCode.op = chain_->headName().c_str();
    const std::size_t limit = sizer_.limit();
    const Poll polled = chain_->source()->poll(limit);
    if (polled == Poll::kEnd) {
      chain_->endEventTime();
      phase_ = Phase::kFinishing;
      return StepResult::kProgress;
    }
    if (polled == Poll::kNothingNow) return outOfInput();
    yielded_ = false;
    if (afterCall(limit)) return StepResult::kProgress;
  }
}

Result<StepResult> Subtask::finishOperators() {
  while (true) {
    if (!outputsAvailable()) return waitForOutput();
    const std::size_t limit = sizer_.limit();
    if (chain_->finish(limit)) break;
    if (afterCall(limit)) return StepResult::kProgress;
  }
  FLINK_RETURN_IF_ERROR(beginDraining());
  return drain();
}

Status Subtask::beginDraining() {
  phase_ = Phase::kDraining;
  const bool suspended =
      stopsWith_ && stopsWith_->kind == checkpoint::SnapshotKind::kSuspendSavepoint;
  if (spec_.checkpointing.finalCheckpoint || stopsWith_ || !input_->ended()) {
    if (!hadFinished_) chain_->flush();
    network::ChannelEvent endOfData;
    endOfData.type = network::ChannelEvent::Type::kEndOfData;
    if (!suspended && input_->drained()) endOfData.options = network::ChannelEvent::kDrained;
    for (const auto& partition : partitions_)
      FLINK_RETURN_IF_ERROR(partition->broadcastEvent(endOfData));
  }
  return stopsWith_ ? takeSnapshot(*stopsWith_, {}) : Status::ok();
}

Result<StepResult> Subtask::drain() {
  FLINK_RETURN_IF_ERROR(beginTriggered());
  while (!input_->ended()) {
    FLINK_ASSIGN_OR_RETURN(const ReadOutcome outcome, input_->readSome(1));
    if (outcome.checkpoint) FLINK_RETURN_IF_ERROR(onCheckpointEvent(*outcome.checkpoint));
    if (outcome.kind == ReadOutcome::Kind::kNothingNow) break;
  }
  FLINK_RETURN_IF_ERROR(beginTriggered());
  return mayEnd() ? endFinished() : StepResult::kWaitingInput;
}

bool Subtask::mayEnd() const {
  if (!snapshots_.empty() || !triggers_.empty()) return false;  // what was begun is answered
  if (endConfirmed_) return true;
  return !spec_.checkpointing.finalCheckpoint && !stopsWith_ && input_->ended();
}

Result<StepResult> Subtask::endFinished() {
  // Before the outputs: consumers must not see the end of a task that fails to close.
  FLINK_RETURN_IF_ERROR(chain_->close());
  FLINK_RETURN_IF_ERROR(finishOutputs());
  Fate open = Fate::kOpen;
  if (!fate_.compare_exchange_strong(open, Fate::kEnded)) {
    // What was emitted since the task was stopped went nowhere: it must not count as finished.
    FLINK_RETURN_IF_ERROR(readMail());
    return Status(ErrorCode::kCancelled, "the task was stopped");
  }
  return end(TaskState::kFinished, std::nullopt);
}

bool Subtask::outputsAvailable() const {
  for (const auto& partition : partitions_) {
    if (!partition->isAvailable() && !partition->released()) return false;
  }
  return true;
}

StepResult Subtask::waitForOutput() {
  // The output that is full has whole buffers for its consumers. The others' half-full ones are
  // passed on when they are due, or when the last wait shows that they would be overdue by the end
  // of this one.
  const bool due = lastCall_ - lastFlush_ >= bufferTimeout_ || lastOutputWait_ >= bufferTimeout_;
  if (bufferTimeout_ >= Duration::zero() && due) flushOutputs();
  return StepResult::kWaitingOutput;
}

StepResult Subtask::outOfInput() {
  // The other tasks first: what they hand over meanwhile saves passing on half-full buffers.
  if (!std::exchange(yielded_, true)) return StepResult::kProgress;
  flushAll();
  return StepResult::kWaitingInput;
}

bool Subtask::afterCall(std::size_t records) {
  const MonotonicTime now = services_.clock->now();
  std::int64_t buffersOut = 0;
  for (const auto& partition : partitions_) buffersOut += partition->buffersOut();
  sizer_.learn(records, now - lastCall_, buffersOut - lastBuffersOut_, budget_);
  lastBuffersOut_ = buffersOut;
  lastCall_ = now;
  if (bufferTimeout_ >= Duration::zero() && now - lastFlush_ >= bufferTimeout_) flushAll();
  return now - stepBegan_ >= budget_;
}

void Subtask::throwIfStopped() {
  interruption_->store(false);
  if (fate_.load(std::memory_order_acquire) == Fate::kStopped)
    throw operators::OperatorFailure(Status(ErrorCode::kCancelled, "the task was stopped"));
}

void Subtask::passOn() {
  operators::currentInterruption.interrupted = true;
  publish();
  if (bufferTimeout_ < Duration::zero()) return;
  lastCall_ = services_.clock->now();
  flushOutputs();
}

void Subtask::flushAll() {
  chain_->flush();
  flushOutputs();
}

void Subtask::flushOutputs() {
  lastFlush_ = lastCall_;
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    if (!spec_.outputs[i].partition.blocking)
      partitions_[i]->flush();  // nobody reads those before their end
  }
}

void Subtask::publish() {
  std::int64_t records = 0, bytes = 0, buffers = 0;
  for (const auto& partition : partitions_) {
    records += static_cast<std::int64_t>(partition->numRecords());
    bytes += partition->bytesOut();
    buffers += partition->buffersOut();
  }
  probe_.setOutputs(records, bytes, buffers);
}

void Subtask::publishStateFigures() {
  constexpr types::Timestamp kIntervalMs = 1000;
  if (figuresDue_) {
    figuresDue_ = figuresScheduled_ = false;
    return chain_->publishStateFigures();
  }
  // A step without the timer may have changed something. Waiting tasks have no timer.
  if (figuresScheduled_ || phase_ != Phase::kRunning || !chain_->keepsKeyedState()) return;
  figuresScheduled_ = true;
  timers_.registerTimer(timers_.now() + kIntervalMs,
                        [this](types::Timestamp /*time*/) { figuresDue_ = true; });
}

}  // namespace flink::task
