#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dataflow/task/batch_sizer.h"
#include "dataflow/task/collect_port.h"
#include "dataflow/task/mailbox.h"
#include "dataflow/task/operator_chain.h"
#include "dataflow/task/probe.h"
#include "dataflow/task/processing_timers.h"
#include "dataflow/task/task.h"
#include "dataflow/task/task_input.h"
#include "dataflow/task/wake_up.h"

namespace flink::task {

/// The real Task: a cooperative state machine on the executor.
/// Phases: kOpening → kRunning → kFinishing → kEnded; from each → kEnded by cancel or failure.
/// Thread: see Task; everything without a note belongs to the step (start() runs before the first
/// one).
class Subtask final : public Task, public Steppable {
 public:
  Subtask(TaskSpec spec, const TaskServices& services);
  ~Subtask() override;

  void start() override;
  void cancel() override;
  void fail(Status reason) override;
  void deliverEvent(const OperatorId& op, std::string payload) override;
  [[nodiscard]] TaskFigures figures() const override { return probe_.figures(); }
  [[nodiscard]] const ExecutionAttemptId& attempt() const override { return spec_.attempt; }
  [[nodiscard]] std::string_view currentOperator() const override;

  StepResult step(Duration budget) override;
  void onAwait(bool waiting) override;
  [[nodiscard]] std::string_view name() const override { return name_; }

 private:
  enum class Phase : std::uint8_t { kOpening, kRunning, kFinishing, kEnded };
  /// Decides between finishing and being stopped: kOpen → kStopped (cancel, fail) → kEnded, or
  /// kOpen → kEnded.
  enum class Fate : std::uint8_t { kOpen, kStopped, kEnded };
  struct OperatorEvent {
    OperatorId op;
    std::string payload;
  };
  using Mail = std::variant<OperatorEvent, Status>;

  // Life cycle (subtask.cpp).
  Status build();
  OperatorChain::Services chainServices();
  void open();
  /// False when the task has ended already.
  bool stopOpen();
  /// The reason to stop, if there is one; hands coordinator messages on.
  Status readMail();
  Status finishOutputs();
  StepResult end(TaskState state, std::optional<Status> failure);
  void releaseOutputs(const Status& reason);
  void report(TaskState state, const std::optional<Status>& failure = std::nullopt);

  // Steps (subtask_step.cpp).
  Result<StepResult> advance();
  /// Runs timers and what event time made due; false when the budget is used up before.
  bool workOffTime();
  Result<StepResult> readInputs();
  Result<StepResult> pollSource();
  Result<StepResult> finishOperators();
  /// True while every output has room for more.
  [[nodiscard]] bool outputsAvailable() const;
  StepResult waitForOutput();
  StepResult outOfInput();
  /// Accounts one call into the chain and flushes what is due; true when the budget is used up.
  bool afterCall(std::size_t records);
  void flushAll();
  void flushOutputs();
  void publish();

  const TaskSpec spec_;
  const TaskServices services_;
  const std::string name_;
  const std::shared_ptr<WakeUp> wakeUp_ = std::make_shared<WakeUp>();
  TaskProbe probe_;
  ProcessingTimers timers_;
  std::shared_ptr<CollectPort> collectPort_;
  std::vector<std::unique_ptr<network::ResultPartition>> partitions_;
  std::unique_ptr<OperatorChain> chain_;
  std::unique_ptr<InputReader> input_;
  std::map<std::string, std::string> accumulators_;

  Mailbox<Mail> mailbox_;
  // Shared with callbacks of operators that may outlive a step.
  const std::shared_ptr<std::atomic<bool>> cancelRequested_ =
      std::make_shared<std::atomic<bool>>(false);
  std::atomic<bool> built_{false};  // partitions_ does not change any more
  std::atomic<Fate> fate_{Fate::kOpen};

  Phase phase_ = Phase::kOpening;
  BatchSizer sizer_;
  const Duration bufferTimeout_;  // negative: only full buffers
  Duration budget_{};
  MonotonicTime startedAt_{}, stepBegan_{}, lastCall_{}, lastFlush_{}, outputWaitBegan_{};
  Duration lastOutputWait_{};
  std::int64_t lastBuffersOut_ = 0;
  bool yielded_ = false;  // out of input for one step: the next one flushes and waits
  bool waitsForOutput_ = false;
};

}  // namespace flink::task
