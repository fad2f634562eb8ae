#pragma once

#include "cluster/protocol/job_status.h"

namespace flink::scheduler {

/// The legal moves of one execution (an attempt of a subtask); everything else is a bug of the
/// engine.
///
///   CREATED ──► SCHEDULED ──► DEPLOYING ──► INITIALIZING ──► RUNNING ──► FINISHED
///      │            │             │               │             │
///      ├────────────┴─────────────┴───────────────┴─────────────┴──────► FAILED
///      │            │             ├───────────────┴─────────────┴──────► CANCELING ──► CANCELED
///      └────────────┴──────────────────────────────────────────────────► CANCELED
///
/// A report may overtake its predecessors, so a deployed task may skip forward (DEPLOYING → RUNNING
/// or FINISHED). Whatever a task in CANCELING reports as its end, it ends CANCELED. FINISHED,
/// CANCELED and FAILED are final.
[[nodiscard]] bool isLegalMove(protocol::ExecutionState from, protocol::ExecutionState to);

/// The legal moves of a job.
///
///   INITIALIZING ──► CREATED ──► RUNNING ──► FINISHED
///        │              │           │
///        │              ├───────────┴──► FAILING ──► FAILED
///        │              │           │       │
///        │              └───────────┴───────┴──► CANCELLING ──► CANCELED
///        └──► FAILED, CANCELLING
///
/// Every state that is not final may move to SUSPENDED (the JobManager stops). RESTARTING and
/// RECONCILING have no moves: a failed task fails its job.
[[nodiscard]] bool isLegalMove(protocol::JobStatus from, protocol::JobStatus to);

}  // namespace flink::scheduler
