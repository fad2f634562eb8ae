#include "cluster/protocol/codec_message.inc"

#include "control.pb.h"

namespace flink::protocol {

FLINK_WIRE_FIELDS(Empty) {
  return true;
}
FLINK_WIRE_MESSAGE(Empty, Empty);

FLINK_WIRE_FIELDS(GetVersionRequest) {
  return true;
}
FLINK_WIRE_MESSAGE(GetVersionRequest, GetVersionRequest);

FLINK_WIRE_FIELDS(GetVersionRequest::Response) {
  FLINK_VALUE(version, version);
  FLINK_VALUE(commit, commit);
  FLINK_VALUE(abi, abi);
  FLINK_VALUE(epoch, epoch);
  FLINK_VALUE(restAddress, rest_address);
  FLINK_VALUE(blobPort, blob_port);
  FLINK_VALUE(eventPort, event_port);
  FLINK_VALUE(taskManagers, task_managers);
  FLINK_VALUE(slotsTotal, slots_total);
  FLINK_VALUE(pid, pid);
  FLINK_VALUE(configDirectory, config_directory);
  return true;
}
FLINK_WIRE_MESSAGE(GetVersionRequest::Response, GetVersionResponse);

FLINK_WIRE_FIELDS(SubmitJobRequest) {
  FLINK_MESSAGE(graph, graph);
  return true;
}
FLINK_WIRE_MESSAGE(SubmitJobRequest, SubmitJobRequest);

FLINK_WIRE_FIELDS(ListJobsRequest) {
  return true;
}
FLINK_WIRE_MESSAGE(ListJobsRequest, ListJobsRequest);

FLINK_WIRE_FIELDS(ListJobsRequest::Response) {
  FLINK_MESSAGES(jobs, jobs);
  return true;
}
FLINK_WIRE_MESSAGE(ListJobsRequest::Response, ListJobsResponse);

FLINK_WIRE_FIELDS(GetJobRequest) {
  FLINK_VALUE(job, job);
  return true;
}
FLINK_WIRE_MESSAGE(GetJobRequest, GetJobRequest);

FLINK_WIRE_FIELDS(CancelJobRequest) {
  FLINK_VALUE(job, job);
  return true;
}
FLINK_WIRE_MESSAGE(CancelJobRequest, CancelJobRequest);

FLINK_WIRE_FIELDS(WaitJobRequest) {
  FLINK_VALUE(job, job);
  FLINK_VALUE(waitMs, wait_ms);
  return true;
}
FLINK_WIRE_MESSAGE(WaitJobRequest, WaitJobRequest);

FLINK_WIRE_FIELDS(WaitJobRequest::Response) {
  FLINK_VALUE(status, status);
  FLINK_OPTIONAL(result, result);
  return true;
}
FLINK_WIRE_MESSAGE(WaitJobRequest::Response, WaitJobResponse);

FLINK_WIRE_FIELDS(GetOverviewRequest) {
  return true;
}
FLINK_WIRE_MESSAGE(GetOverviewRequest, GetOverviewRequest);

FLINK_WIRE_FIELDS(ListTaskManagersRequest) {
  return true;
}
FLINK_WIRE_MESSAGE(ListTaskManagersRequest, ListTaskManagersRequest);

FLINK_WIRE_FIELDS(ListTaskManagersRequest::Response) {
  FLINK_MESSAGES(taskManagers, task_managers);
  return true;
}
FLINK_WIRE_MESSAGE(ListTaskManagersRequest::Response, ListTaskManagersResponse);

FLINK_WIRE_FIELDS(GetTaskManagerRequest) {
  FLINK_VALUE(id, id);
  return true;
}
FLINK_WIRE_MESSAGE(GetTaskManagerRequest, GetTaskManagerRequest);

FLINK_WIRE_FIELDS(LogFile) {
  FLINK_VALUE(name, name);
  FLINK_VALUE(size, size);
  FLINK_VALUE(modifiedMs, modified_ms);
  return true;
}
FLINK_WIRE_STRUCT(LogFile, LogFile);

FLINK_WIRE_FIELDS(ListLogsRequest) {
  FLINK_VALUE(process, process);
  return true;
}
FLINK_WIRE_MESSAGE(ListLogsRequest, ListLogsRequest);

FLINK_WIRE_FIELDS(ListLogsRequest::Response) {
  FLINK_MESSAGES(files, files);
  return true;
}
FLINK_WIRE_MESSAGE(ListLogsRequest::Response, ListLogsResponse);

FLINK_WIRE_FIELDS(ReadLogRequest) {
  FLINK_VALUE(process, process);
  FLINK_VALUE(name, name);
  FLINK_VALUE(offset, offset);
  FLINK_VALUE(maxBytes, max_bytes);
  return true;
}
FLINK_WIRE_MESSAGE(ReadLogRequest, ReadLogRequest);

FLINK_WIRE_FIELDS(ReadLogRequest::Response) {
  FLINK_VALUE(data, data);
  FLINK_VALUE(offset, offset);
  FLINK_VALUE(fileSize, file_size);
  return true;
}
FLINK_WIRE_MESSAGE(ReadLogRequest::Response, ReadLogResponse);

FLINK_WIRE_FIELDS(SubtaskMetrics) {
  FLINK_VALUE(subtask, subtask);
  FLINK_ENTRIES(values, values);
  return true;
}
FLINK_WIRE_STRUCT(SubtaskMetrics, SubtaskMetrics);

FLINK_WIRE_FIELDS(GetMetricsRequest) {
  FLINK_VALUE(job, job);
  FLINK_VALUE(vertex, vertex);
  return true;
}
FLINK_WIRE_MESSAGE(GetMetricsRequest, GetMetricsRequest);

FLINK_WIRE_FIELDS(GetMetricsRequest::Response) {
  FLINK_MESSAGES(subtasks, subtasks);
  return true;
}
FLINK_WIRE_MESSAGE(GetMetricsRequest::Response, GetMetricsResponse);

FLINK_WIRE_FIELDS(CollectResultsRequest) {
  FLINK_VALUE(job, job);
  FLINK_VALUE(collectId, collect_id);
  FLINK_VALUE(offset, offset);
  FLINK_VALUE(waitMs, wait_ms);
  return true;
}
FLINK_WIRE_MESSAGE(CollectResultsRequest, CollectResultsRequest);

FLINK_WIRE_FIELDS(CollectResultsRequest::Response) {
  FLINK_VALUES(records, records);
  FLINK_VALUE(finished, finished);
  return true;
}
FLINK_WIRE_MESSAGE(CollectResultsRequest::Response, CollectResultsResponse);

FLINK_WIRE_FIELDS(HasBlobRequest) {
  FLINK_VALUE(digest, digest);
  return true;
}
FLINK_WIRE_MESSAGE(HasBlobRequest, HasBlobRequest);

FLINK_WIRE_FIELDS(HasBlobRequest::Response) {
  FLINK_VALUE(present, present);
  return true;
}
FLINK_WIRE_MESSAGE(HasBlobRequest::Response, HasBlobResponse);

FLINK_WIRE_FIELDS(PutBlobChunkRequest) {
  FLINK_VALUE(digest, digest);
  FLINK_VALUE(offset, offset);
  FLINK_VALUE(totalSize, total_size);
  FLINK_VALUE(data, data);
  return true;
}
FLINK_WIRE_MESSAGE(PutBlobChunkRequest, PutBlobChunkRequest);

FLINK_WIRE_FIELDS(PutBlobChunkRequest::Response) {
  FLINK_VALUE(complete, complete);
  return true;
}
FLINK_WIRE_MESSAGE(PutBlobChunkRequest::Response, PutBlobChunkResponse);

FLINK_WIRE_FIELDS(GetBlobChunkRequest) {
  FLINK_VALUE(digest, digest);
  FLINK_VALUE(offset, offset);
  FLINK_VALUE(maxBytes, max_bytes);
  return true;
}
FLINK_WIRE_MESSAGE(GetBlobChunkRequest, GetBlobChunkRequest);

FLINK_WIRE_FIELDS(GetBlobChunkRequest::Response) {
  FLINK_VALUE(data, data);
  FLINK_VALUE(totalSize, total_size);
  return true;
}
FLINK_WIRE_MESSAGE(GetBlobChunkRequest::Response, GetBlobChunkResponse);

FLINK_WIRE_FIELDS(RegisterTaskManagerRequest) {
  FLINK_MESSAGE(self, self);
  FLINK_VALUE(version, version);
  FLINK_VALUES(runningJobs, running_jobs);
  return true;
}
FLINK_WIRE_MESSAGE(RegisterTaskManagerRequest, RegisterTaskManagerRequest);

FLINK_WIRE_FIELDS(RegisterTaskManagerRequest::Response) {
  FLINK_VALUE(epoch, epoch);
  FLINK_VALUE(heartbeatIntervalMs, heartbeat_interval_ms);
  FLINK_VALUE(heartbeatTimeoutMs, heartbeat_timeout_ms);
  FLINK_VALUE(blobPort, blob_port);
  return true;
}
FLINK_WIRE_MESSAGE(RegisterTaskManagerRequest::Response, RegisterTaskManagerResponse);

FLINK_WIRE_FIELDS(TaskReport) {
  FLINK_MESSAGE(attempt, attempt);
  FLINK_MESSAGE(io, io);
  FLINK_ENTRIES(metrics, metrics);
  return true;
}
FLINK_WIRE_STRUCT(TaskReport, TaskReport);

FLINK_WIRE_FIELDS(HeartbeatRequest) {
  FLINK_VALUE(id, id);
  FLINK_MESSAGE(self, self);
  FLINK_MESSAGES(tasks, tasks);
  return true;
}
FLINK_WIRE_MESSAGE(HeartbeatRequest, HeartbeatRequest);

FLINK_WIRE_FIELDS(UnregisterTaskManagerRequest) {
  FLINK_VALUE(id, id);
  FLINK_VALUE(reason, reason);
  return true;
}
FLINK_WIRE_MESSAGE(UnregisterTaskManagerRequest, UnregisterTaskManagerRequest);

FLINK_WIRE_FIELDS(TaskStateChangedRequest) {
  FLINK_MESSAGE(attempt, attempt);
  FLINK_VALUE(state, state);
  FLINK_VALUE(timestampMs, timestamp_ms);
  FLINK_OPTIONAL(failure, failure);
  FLINK_MESSAGE(io, io);
  FLINK_ENTRIES(accumulators, accumulators);
  return true;
}
FLINK_WIRE_MESSAGE(TaskStateChangedRequest, TaskStateChangedRequest);

FLINK_WIRE_FIELDS(WorkerEndedRequest) {
  FLINK_VALUE(taskManager, task_manager);
  FLINK_VALUE(job, job);
  FLINK_MESSAGE(failure, failure);
  return true;
}
FLINK_WIRE_MESSAGE(WorkerEndedRequest, WorkerEndedRequest);

FLINK_WIRE_FIELDS(CoordinatorFailedRequest) {
  FLINK_MESSAGE(attempt, attempt);
  FLINK_MESSAGE(failure, failure);
  return true;
}
FLINK_WIRE_MESSAGE(CoordinatorFailedRequest, CoordinatorFailedRequest);

FLINK_WIRE_FIELDS(OperatorEvent) {
  FLINK_VALUE(job, job);
  FLINK_VALUE(op, op);
  FLINK_VALUE(subtask, subtask);
  FLINK_VALUE(attempt, attempt);
  FLINK_VALUE(toCoordinator, to_coordinator);
  FLINK_VALUE(payload, payload);
  return true;
}
FLINK_WIRE_STRUCT(OperatorEvent, OperatorEvent);

FLINK_WIRE_FIELDS(OperatorEventRequest) {
  FLINK_MESSAGE(event, event);
  return true;
}
FLINK_WIRE_MESSAGE(OperatorEventRequest, OperatorEventRequest);

FLINK_WIRE_FIELDS(CollectedRecordsRequest) {
  FLINK_VALUE(job, job);
  FLINK_VALUE(collectId, collect_id);
  FLINK_VALUES(records, records);
  return true;
}
FLINK_WIRE_MESSAGE(CollectedRecordsRequest, CollectedRecordsRequest);

FLINK_WIRE_FIELDS(SubmitTasksRequest) {
  FLINK_MESSAGE(submission, submission);
  return true;
}
FLINK_WIRE_MESSAGE(SubmitTasksRequest, SubmitTasksRequest);

FLINK_WIRE_FIELDS(CancelTasksRequest) {
  FLINK_VALUE(job, job);
  FLINK_MESSAGES(attempts, attempts);
  return true;
}
FLINK_WIRE_MESSAGE(CancelTasksRequest, CancelTasksRequest);

FLINK_WIRE_FIELDS(ReleaseJobRequest) {
  FLINK_VALUE(job, job);
  FLINK_VALUE(reason, reason);
  FLINK_VALUE(awaitEnd, await_end);
  return true;
}
FLINK_WIRE_MESSAGE(ReleaseJobRequest, ReleaseJobRequest);

FLINK_WIRE_FIELDS(ReadTaskManagerLogRequest) {
  FLINK_VALUE(name, name);
  FLINK_VALUE(offset, offset);
  FLINK_VALUE(maxBytes, max_bytes);
  return true;
}
FLINK_WIRE_MESSAGE(ReadTaskManagerLogRequest, ReadTaskManagerLogRequest);

FLINK_WIRE_FIELDS(ListTaskManagerLogsRequest) {
  return true;
}
FLINK_WIRE_MESSAGE(ListTaskManagerLogsRequest, ListTaskManagerLogsRequest);

FLINK_WIRE_FIELDS(DeliverOperatorEventRequest) {
  FLINK_MESSAGE(event, event);
  return true;
}
FLINK_WIRE_MESSAGE(DeliverOperatorEventRequest, DeliverOperatorEventRequest);

FLINK_WIRE_FIELDS(ReleasePartitionsRequest) {
  FLINK_VALUE(job, job);
  FLINK_MESSAGES(partitions, partitions);
  return true;
}
FLINK_WIRE_MESSAGE(ReleasePartitionsRequest, ReleasePartitionsRequest);

FLINK_WIRE_FIELDS(StartWorkerRequest) {
  FLINK_MESSAGE(graph, graph);
  FLINK_VALUE(token, token);
  FLINK_VALUE(taskManager, task_manager);
  FLINK_VALUE(host, host);
  FLINK_VALUE(dataPort, data_port);
  FLINK_VALUE(libraryPath, library_path);
  FLINK_ENTRIES(configuration, configuration);
  FLINK_VALUE(numThreads, num_threads);
  FLINK_VALUE(networkBytes, network_bytes);
  return true;
}
FLINK_WIRE_MESSAGE(StartWorkerRequest, StartWorkerRequest);

FLINK_WIRE_FIELDS(AdoptConnectionRequest) {
  FLINK_VALUE(peer, peer);
  return true;
}
FLINK_WIRE_MESSAGE(AdoptConnectionRequest, AdoptConnectionRequest);

FLINK_WIRE_FIELDS(MetricValue) {
  FLINK_VALUE(scope, scope);
  FLINK_ENTRIES(variables, variables);
  FLINK_VALUE(name, name);
  FLINK_VALUE(kind, kind);
  FLINK_VALUE(value, value);
  FLINK_VALUES(histogram, histogram);
  return true;
}
FLINK_WIRE_STRUCT(MetricValue, MetricValue);

FLINK_WIRE_FIELDS(WorkerReportRequest) {
  FLINK_MESSAGES(metrics, metrics);
  FLINK_MESSAGES(tasks, tasks);
  FLINK_ENTRIES(memory, memory);
  return true;
}
FLINK_WIRE_MESSAGE(WorkerReportRequest, WorkerReportRequest);

FLINK_WIRE_FIELDS(StopWorkerRequest) {
  return true;
}
FLINK_WIRE_MESSAGE(StopWorkerRequest, StopWorkerRequest);

FLINK_WIRE_FIELDS(ProgramStartRequest) {
  FLINK_VALUE(libraryPath, library_path);
  FLINK_VALUE(library, library);
  FLINK_VALUE(entry, entry);
  FLINK_VALUES(arguments, arguments);
  FLINK_ENTRIES(configuration, configuration);
  FLINK_VALUE(detached, detached);
  FLINK_VALUE(planOnly, plan_only);
  FLINK_VALUE(workingDirectory, working_directory);
  return true;
}
FLINK_WIRE_MESSAGE(ProgramStartRequest, ProgramStartRequest);

FLINK_WIRE_FIELDS(ProgramFinishedRequest) {
  FLINK_VALUE(errorId, error_id);
  FLINK_VALUE(errorMessage, error_message);
  FLINK_VALUE(numJobs, num_jobs);
  return true;
}
FLINK_WIRE_MESSAGE(ProgramFinishedRequest, ProgramFinishedRequest);

FLINK_WIRE_FIELDS(TriggerSnapshotRequest) {
  FLINK_VALUE(job, job);
  FLINK_VALUE(kind, kind);
  FLINK_VALUE(target, target);
  FLINK_VALUE(trigger, trigger);
  return true;
}
FLINK_WIRE_MESSAGE(TriggerSnapshotRequest, TriggerSnapshotRequest);

FLINK_WIRE_FIELDS(TriggerSnapshotRequest::Response) {
  FLINK_VALUE(trigger, trigger);
  return true;
}
FLINK_WIRE_MESSAGE(TriggerSnapshotRequest::Response, TriggerSnapshotResponse);

FLINK_WIRE_FIELDS(WaitSnapshotRequest) {
  FLINK_VALUE(job, job);
  FLINK_VALUE(trigger, trigger);
  FLINK_VALUE(waitMs, wait_ms);
  return true;
}
FLINK_WIRE_MESSAGE(WaitSnapshotRequest, WaitSnapshotRequest);

FLINK_WIRE_FIELDS(WaitSnapshotRequest::Response) {
  FLINK_VALUE(completed, completed);
  FLINK_VALUE(checkpoint, checkpoint);
  FLINK_VALUE(path, path);
  FLINK_OPTIONAL(failure, failure);
  return true;
}
FLINK_WIRE_MESSAGE(WaitSnapshotRequest::Response, WaitSnapshotResponse);

FLINK_WIRE_FIELDS(GetCheckpointsRequest) {
  FLINK_VALUE(job, job);
  FLINK_VALUE(checkpoint, checkpoint);
  return true;
}
FLINK_WIRE_MESSAGE(GetCheckpointsRequest, GetCheckpointsRequest);

FLINK_WIRE_FIELDS(GetCheckpointsRequest::Response) {
  FLINK_VALUE(report, report);
  return true;
}
FLINK_WIRE_MESSAGE(GetCheckpointsRequest::Response, GetCheckpointsResponse);

FLINK_WIRE_FIELDS(DisposeSavepointRequest) {
  FLINK_VALUE(path, path);
  return true;
}
FLINK_WIRE_MESSAGE(DisposeSavepointRequest, DisposeSavepointRequest);

FLINK_WIRE_FIELDS(AcknowledgeCheckpointRequest) {
  FLINK_MESSAGE(attempt, attempt);
  FLINK_VALUE(checkpoint, checkpoint);
  FLINK_VALUE(snapshot, snapshot);
  FLINK_VALUE(syncDurationMs, sync_duration_ms);
  FLINK_VALUE(asyncDurationMs, async_duration_ms);
  FLINK_VALUE(alignmentDurationMs, alignment_duration_ms);
  FLINK_VALUE(startDelayMs, start_delay_ms);
  FLINK_VALUE(checkpointedBytes, checkpointed_bytes);
  FLINK_VALUE(stateBytes, state_bytes);
  FLINK_VALUE(processedBytes, processed_bytes);
  FLINK_VALUE(persistedBytes, persisted_bytes);
  FLINK_VALUE(unaligned, unaligned);
  return true;
}
FLINK_WIRE_MESSAGE(AcknowledgeCheckpointRequest, AcknowledgeCheckpointRequest);

FLINK_WIRE_FIELDS(DeclineCheckpointRequest) {
  FLINK_MESSAGE(attempt, attempt);
  FLINK_VALUE(checkpoint, checkpoint);
  FLINK_VALUE(reason, reason);
  FLINK_MESSAGE(why, why);
  return true;
}
FLINK_WIRE_MESSAGE(DeclineCheckpointRequest, DeclineCheckpointRequest);

FLINK_WIRE_FIELDS(TriggerCheckpointRequest) {
  FLINK_VALUE(job, job);
  FLINK_MESSAGES(attempts, attempts);
  FLINK_VALUE(checkpoint, checkpoint);
  FLINK_VALUE(kind, kind);
  FLINK_VALUE(timestampMs, timestamp_ms);
  FLINK_VALUE(directory, directory);
  FLINK_VALUE(sharedDirectory, shared_directory);
  FLINK_VALUE(filesAllowed, files_allowed);
  return true;
}
FLINK_WIRE_MESSAGE(TriggerCheckpointRequest, TriggerCheckpointRequest);

FLINK_WIRE_FIELDS(NotifyCheckpointRequest) {
  FLINK_VALUE(job, job);
  FLINK_MESSAGES(attempts, attempts);
  FLINK_VALUE(checkpoint, checkpoint);
  FLINK_VALUE(completed, completed);
  return true;
}
FLINK_WIRE_MESSAGE(NotifyCheckpointRequest, NotifyCheckpointRequest);

}  // namespace flink::protocol
