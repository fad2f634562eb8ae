#pragma once

#include <functional>

#include "cluster/protocol/messages.h"
#include "core/base/result.h"

namespace flink::jobmanager {

template <class Request>
using Responder = std::function<void(Result<typename Request::Response>)>;

/// What clients can ask a JobManager: the one query and command interface behind both the RPC port
/// and REST. Thread: call from any thread; responders run on the JobManager's event loop and must
/// only hand over.
class JobManagerGateway {
 public:
  virtual ~JobManagerGateway() = default;
  virtual void handle(protocol::GetVersionRequest, Responder<protocol::GetVersionRequest>) = 0;
  virtual void handle(protocol::SubmitJobRequest, Responder<protocol::SubmitJobRequest>) = 0;
  virtual void handle(protocol::ListJobsRequest, Responder<protocol::ListJobsRequest>) = 0;
  virtual void handle(protocol::GetJobRequest, Responder<protocol::GetJobRequest>) = 0;
  virtual void handle(protocol::CancelJobRequest, Responder<protocol::CancelJobRequest>) = 0;
  virtual void handle(protocol::WaitJobRequest, Responder<protocol::WaitJobRequest>) = 0;
  virtual void handle(protocol::GetOverviewRequest, Responder<protocol::GetOverviewRequest>) = 0;
  virtual void handle(protocol::ListTaskManagersRequest,
                      Responder<protocol::ListTaskManagersRequest>) = 0;
  virtual void handle(protocol::GetTaskManagerRequest,
                      Responder<protocol::GetTaskManagerRequest>) = 0;
  virtual void handle(protocol::ListLogsRequest, Responder<protocol::ListLogsRequest>) = 0;
  virtual void handle(protocol::ReadLogRequest, Responder<protocol::ReadLogRequest>) = 0;
  virtual void handle(protocol::GetMetricsRequest, Responder<protocol::GetMetricsRequest>) = 0;
  virtual void handle(protocol::TriggerSnapshotRequest,
                      Responder<protocol::TriggerSnapshotRequest>) = 0;
  virtual void handle(protocol::WaitSnapshotRequest, Responder<protocol::WaitSnapshotRequest>) = 0;
  virtual void handle(protocol::GetCheckpointsRequest,
                      Responder<protocol::GetCheckpointsRequest>) = 0;
  virtual void handle(protocol::DisposeSavepointRequest,
                      Responder<protocol::DisposeSavepointRequest>) = 0;
  virtual void handle(protocol::CollectResultsRequest,
                      Responder<protocol::CollectResultsRequest>) = 0;
};

}  // namespace flink::jobmanager
