#pragma once

#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cluster/jobmanager/gateway.h"
#include "core/base/error_codes.h"
#include "dataflow/checkpoint/report.h"

namespace flink::rest {

/// Answers at once from values that a test sets; unset ones are not found.
class FakeGateway : public jobmanager::JobManagerGateway {
 public:
  std::map<JobId, protocol::JobDetails> jobs;
  std::map<JobId, protocol::WaitJobRequest::Response> results;
  std::vector<protocol::SubtaskMetrics> metrics;
  std::vector<protocol::TaskManagerView> taskManagers;
  std::map<std::string, std::string> logs;  ///< of the JobManager
  std::vector<JobId> cancelled;
  SnapshotTriggerId trigger = *SnapshotTriggerId::parse("0123456789abcdef0123456789abcdef");
  std::vector<protocol::TriggerSnapshotRequest> snapshots;
  std::string disposed;
  Status disposeFailure;
  protocol::WaitSnapshotRequest::Response snapshotOutcome;
  checkpoint::CheckpointReport checkpoints;
  std::set<JobId> ended;           ///< cannot be cancelled any more
  bool metricsOfJobsOnly = false;  ///< jobs that are not here have none
  bool silent = false;             ///< never answers overview
  std::string endlessLog;          ///< a log of which only the beginning comes
  std::vector<jobmanager::Responder<protocol::ReadLogRequest>> readingLogs;  ///< who wait for more
  std::thread::id calledOn;                                                  ///< by listJobs

  void handle(protocol::GetVersionRequest,
              jobmanager::Responder<protocol::GetVersionRequest> respond) override {
    protocol::GetVersionRequest::Response answer;
    answer.version = "0.1.0";
    answer.commit = "abcdef0";
    respond(answer);
  }
  void handle(protocol::SubmitJobRequest,
              jobmanager::Responder<protocol::SubmitJobRequest> respond) override {
    respond(Status(ErrorCode::kUnsupported, "the fake takes no jobs"));
  }
  void handle(protocol::ListJobsRequest,
              jobmanager::Responder<protocol::ListJobsRequest> respond) override {
    calledOn = std::this_thread::get_id();
    protocol::ListJobsRequest::Response answer;
    for (const auto& [id, job] : jobs) answer.jobs.push_back(job.overview);
    respond(answer);
  }
  void handle(protocol::GetJobRequest request,
              jobmanager::Responder<protocol::GetJobRequest> respond) override {
    const auto it = jobs.find(request.job);
    if (it == jobs.end()) return respond(notFound(request.job));
    respond(it->second);
  }
  void handle(protocol::CancelJobRequest request,
              jobmanager::Responder<protocol::CancelJobRequest> respond) override {
    if (!jobs.contains(request.job)) return respond(notFound(request.job));
    if (ended.contains(request.job))
      return respond(Status(ErrorCode::kJobAlreadyTerminated, "it has ended"));
    cancelled.push_back(request.job);
    respond(protocol::Empty{});
  }
  void handle(protocol::WaitJobRequest request,
              jobmanager::Responder<protocol::WaitJobRequest> respond) override {
    const auto it = results.find(request.job);
    if (it == results.end()) return respond(notFound(request.job));
    respond(it->second);
  }
  void handle(protocol::GetOverviewRequest,
              jobmanager::Responder<protocol::GetOverviewRequest> respond) override {
    if (silent) return;
    protocol::ClusterOverview overview;
    overview.slotsTotal = 8;
    overview.version = "0.1.0";
    respond(overview);
  }
  void handle(protocol::ListTaskManagersRequest,
              jobmanager::Responder<protocol::ListTaskManagersRequest> respond) override {
    respond(protocol::ListTaskManagersRequest::Response{taskManagers});
  }
  void handle(protocol::GetTaskManagerRequest request,
              jobmanager::Responder<protocol::GetTaskManagerRequest> respond) override {
    for (const auto& taskManager : taskManagers) {
      if (taskManager.id == request.id) return respond(taskManager);
    }
    respond(Status(ErrorCode::kTaskManagerUnknown,
                   "no TaskManager has this id: id=" + request.id.text()));
  }
  void handle(protocol::ListLogsRequest,
              jobmanager::Responder<protocol::ListLogsRequest> respond) override {
    protocol::ListLogsRequest::Response answer;
    for (const auto& [name, text] : logs)
      answer.files.push_back({name, static_cast<std::int64_t>(text.size()), 1});
    respond(answer);
  }
  void handle(protocol::ReadLogRequest request,
              jobmanager::Responder<protocol::ReadLogRequest> respond) override {
    if (request.name == endlessLog) {
      if (request.offset > 0) return readingLogs.push_back(std::move(respond));
      return respond(protocol::ReadLogRequest::Response{"begin", 0, 64 << 20});
    }
    const auto it = logs.find(request.name);
    if (it == logs.end())
      return respond(Status(ErrorCode::kNotFound, "no log has this name: name=" + request.name));
    const auto size = static_cast<std::int64_t>(it->second.size());
    const std::int64_t offset =
        request.offset < 0 ? std::max<std::int64_t>(0, size + request.offset) : request.offset;
    // Small pieces, so that reading a whole file takes several calls.
    respond(protocol::ReadLogRequest::Response{
        it->second.substr(static_cast<std::size_t>(offset), 5), offset, size});
  }
  void handle(protocol::GetMetricsRequest request,
              jobmanager::Responder<protocol::GetMetricsRequest> respond) override {
    if (metricsOfJobsOnly && !jobs.contains(request.job)) return respond(notFound(request.job));
    respond(protocol::GetMetricsRequest::Response{metrics});
  }
  void handle(protocol::TriggerSnapshotRequest request,
              jobmanager::Responder<protocol::TriggerSnapshotRequest> respond) override {
    if (!jobs.contains(request.job)) return respond(notFound(request.job));
    snapshots.push_back(std::move(request));
    respond(protocol::TriggerSnapshotRequest::Response{trigger});
  }
  void handle(protocol::WaitSnapshotRequest request,
              jobmanager::Responder<protocol::WaitSnapshotRequest> respond) override {
    if (request.trigger != trigger) return respond(Status(ErrorCode::kNotFound, "no such trigger"));
    respond(snapshotOutcome);
  }
  void handle(protocol::GetCheckpointsRequest request,
              jobmanager::Responder<protocol::GetCheckpointsRequest> respond) override {
    if (!jobs.contains(request.job)) return respond(notFound(request.job));
    respond(protocol::GetCheckpointsRequest::Response{checkpoint::encodeReport(checkpoints)});
  }
  void handle(protocol::DisposeSavepointRequest request,
              jobmanager::Responder<protocol::DisposeSavepointRequest> respond) override {
    disposed = request.path;
    if (!disposeFailure.isOk()) return respond(disposeFailure);
    respond(protocol::Empty{});
  }
  void handle(protocol::CollectResultsRequest,
              jobmanager::Responder<protocol::CollectResultsRequest> respond) override {
    respond(Status(ErrorCode::kUnsupported, "the fake collects nothing"));
  }

 private:
  static Status notFound(const JobId& id) {
    return {ErrorCode::kJobNotFound, "no such job: job=" + id.toHex()};
  }
};

}  // namespace flink::rest
