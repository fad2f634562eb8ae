#pragma once

#include "cluster/protocol/cluster_view.h"
#include "core/base/result.h"

/// What a job does in each of its states: one file per state here, their legal moves in
/// scheduler/state_moves.h.
namespace flink::jobmanager {

class JobExecution;
struct TaskFailure;

/// What a state can do to its job.
class JobContext {
 public:
  virtual ~JobContext() = default;
  [[nodiscard]] virtual JobExecution& execution() = 0;
  /// Leaves this state and enters the next; whatever follows in the caller must not touch the job
  /// any more.
  virtual void moveTo(protocol::JobStatus status) = 0;
  virtual void remember(const TaskFailure& failure) = 0;
  /// Remembers the failure and asks the restart strategy: true when the tasks concerned start over
  /// (they are cancelled then), false when the job fails.
  virtual bool recover(const TaskFailure& failure) = 0;
  /// Goes on in RUNNING once what starts over has ended and its delay is over.
  virtual void restartWhenReady() = 0;
  /// Ends the workers by force when the tasks have not ended after task.cancellation.timeout.
  /// Starts once.
  virtual void startCancellationTimer() = 0;
  /// The job is over: result, release, archive.
  virtual void conclude() = 0;
};

/// One state of a job. Stateless: everything a state knows lies in its job.
class JobState {
 public:
  virtual ~JobState() = default;
  virtual void enter(JobContext& job) const = 0;
  /// A client wants the job to stop. Errors: kJobAlreadyTerminated.
  virtual Status cancel(JobContext& job) const = 0;
  /// Tasks failed or could not be started.
  virtual void onFailure(JobContext& job, const TaskFailure& failure) const = 0;
  /// Some tasks have come to their end.
  virtual void onTasksEnded(JobContext& job) const = 0;
};

/// REQUIRES: a status that a job of this release can have.
const JobState& jobStateOf(protocol::JobStatus status);

const JobState& initializingState();
const JobState& createdState();
const JobState& runningState();
const JobState& restartingState();
const JobState& failingState();
const JobState& cancellingState();
/// FINISHED, FAILED, CANCELED and SUSPENDED.
const JobState& endedState();

}  // namespace flink::jobmanager
