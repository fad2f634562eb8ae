#include "cluster/protocol/codec_message.inc"

#include "cluster_view.pb.h"

namespace flink::protocol {

FLINK_WIRE_FIELDS(ExecutionAttemptId) {
  FLINK_VALUE(job, job);
  FLINK_VALUE(vertex, vertex);
  FLINK_VALUE(subtask, subtask);
  FLINK_VALUE(attempt, attempt);
  return true;
}
FLINK_WIRE_STRUCT(ExecutionAttemptId, ExecutionAttemptId);

FLINK_WIRE_FIELDS(ResultPartitionId) {
  FLINK_VALUE(dataSet, data_set);
  FLINK_MESSAGE(producer, producer);
  return true;
}
FLINK_WIRE_STRUCT(ResultPartitionId, ResultPartitionId);

FLINK_WIRE_FIELDS(PartitionLocation) {
  FLINK_VALUE(taskManager, task_manager);
  FLINK_VALUE(host, host);
  FLINK_VALUE(dataPort, data_port);
  return true;
}
FLINK_WIRE_STRUCT(PartitionLocation, PartitionLocation);

FLINK_WIRE_FIELDS(InputChannelDescriptor) {
  FLINK_MESSAGE(partition, partition);
  FLINK_VALUE(subpartition, subpartition);
  FLINK_MESSAGE(location, location);
  return true;
}
FLINK_WIRE_STRUCT(InputChannelDescriptor, InputChannelDescriptor);

FLINK_WIRE_FIELDS(InputGateDescriptor) {
  FLINK_VALUE(dataSet, data_set);
  FLINK_VALUE(streamNode, stream_node);
  FLINK_VALUE(inputIndex, input_index);
  FLINK_MESSAGES(channels, channels);
  FLINK_VALUE(compressed, compressed);
  return true;
}
FLINK_WIRE_STRUCT(InputGateDescriptor, InputGateDescriptor);

FLINK_WIRE_FIELDS(ResultPartitionDescriptor) {
  FLINK_MESSAGE(id, id);
  FLINK_VALUE(numSubpartitions, num_subpartitions);
  FLINK_VALUES(consumers, consumers);
  FLINK_VALUE(exchange, exchange);
  FLINK_VALUE(compressed, compressed);
  return true;
}
FLINK_WIRE_STRUCT(ResultPartitionDescriptor, ResultPartitionDescriptor);

FLINK_WIRE_FIELDS(TaskDeploymentDescriptor) {
  FLINK_MESSAGE(attempt, attempt);
  FLINK_VALUE(allocation, allocation);
  FLINK_VALUE(slot, slot);
  FLINK_MESSAGES(inputGates, input_gates);
  FLINK_MESSAGES(producedPartitions, produced_partitions);
  FLINK_MESSAGE(resource, resource);
  FLINK_VALUE(restore, restore);
  return true;
}
FLINK_WIRE_STRUCT(TaskDeploymentDescriptor, TaskDeploymentDescriptor);

FLINK_WIRE_FIELDS(SubmitTasks) {
  FLINK_VALUE(job, job);
  FLINK_VALUE(token, token);
  FLINK_OPTIONAL(jobGraph, job_graph);
  FLINK_VALUE(blobServer, blob_server);
  FLINK_MESSAGES(tasks, tasks);
  return true;
}
FLINK_WIRE_STRUCT(SubmitTasks, SubmitTasks);

FLINK_WIRE_FIELDS(TaskIoMetrics) {
  FLINK_VALUE(bytesIn, bytes_in);
  FLINK_VALUE(bytesOut, bytes_out);
  FLINK_VALUE(recordsIn, records_in);
  FLINK_VALUE(recordsOut, records_out);
  FLINK_VALUE(buffersOut, buffers_out);
  FLINK_VALUE(accumulatedBackPressuredMs, accumulated_back_pressured_ms);
  FLINK_VALUE(accumulatedIdleMs, accumulated_idle_ms);
  FLINK_VALUE(accumulatedBusyMs, accumulated_busy_ms);
  FLINK_VALUE(backPressuredMsPerSecond, back_pressured_ms_per_second);
  FLINK_VALUE(idleMsPerSecond, idle_ms_per_second);
  FLINK_VALUE(busyMsPerSecond, busy_ms_per_second);
  return true;
}
FLINK_WIRE_STRUCT(TaskIoMetrics, TaskIoMetrics);

FLINK_WIRE_FIELDS(FailureInfo) {
  FLINK_VALUE(exceptionName, exception_name);
  FLINK_VALUE(errorId, error_id);
  FLINK_VALUE(message, message);
  FLINK_VALUE(stackTrace, stack_trace);
  FLINK_VALUE(timestampMs, timestamp_ms);
  return true;
}
FLINK_WIRE_STRUCT(FailureInfo, FailureInfo);

FLINK_WIRE_FIELDS(ClusterOverview) {
  FLINK_VALUE(taskManagers, task_managers);
  FLINK_VALUE(slotsTotal, slots_total);
  FLINK_VALUE(slotsAvailable, slots_available);
  FLINK_VALUE(jobsRunning, jobs_running);
  FLINK_VALUE(jobsFinished, jobs_finished);
  FLINK_VALUE(jobsCancelled, jobs_cancelled);
  FLINK_VALUE(jobsFailed, jobs_failed);
  FLINK_VALUE(version, version);
  FLINK_VALUE(commit, commit);
  return true;
}
FLINK_WIRE_MESSAGE(ClusterOverview, ClusterOverview);

FLINK_WIRE_FIELDS(JobOverview) {
  FLINK_VALUE(id, id);
  FLINK_VALUE(name, name);
  FLINK_VALUE(status, status);
  FLINK_VALUE(type, type);
  FLINK_VALUE(startMs, start_ms);
  FLINK_VALUE(endMs, end_ms);
  FLINK_VALUE(durationMs, duration_ms);
  FLINK_VALUE(lastModificationMs, last_modification_ms);
  FLINK_NUMBERS(tasks, tasks);
  FLINK_VALUE(pendingOperators, pending_operators);
  return true;
}
FLINK_WIRE_STRUCT(JobOverview, JobOverview);

FLINK_WIRE_FIELDS(SubtaskView) {
  FLINK_VALUE(subtask, subtask);
  FLINK_VALUE(attempt, attempt);
  FLINK_VALUE(state, state);
  FLINK_VALUE(endpoint, endpoint);
  FLINK_VALUE(host, host);
  FLINK_VALUE(taskManager, task_manager);
  FLINK_NUMBERS(timestampsMs, timestamps_ms);
  FLINK_MESSAGE(io, io);
  FLINK_VALUE(ioComplete, io_complete);
  FLINK_OPTIONAL(failure, failure);
  return true;
}
FLINK_WIRE_STRUCT(SubtaskView, SubtaskView);

FLINK_WIRE_FIELDS(VertexView) {
  FLINK_VALUE(id, id);
  FLINK_VALUE(name, name);
  FLINK_VALUE(slotSharingGroup, slot_sharing_group);
  FLINK_VALUE(parallelism, parallelism);
  FLINK_VALUE(maxParallelism, max_parallelism);
  FLINK_MESSAGES(subtasks, subtasks);
  return true;
}
FLINK_WIRE_STRUCT(VertexView, VertexView);

FLINK_WIRE_FIELDS(ExceptionEntry) {
  FLINK_MESSAGE(failure, failure);
  FLINK_VALUE(taskName, task_name);
  FLINK_VALUE(endpoint, endpoint);
  FLINK_VALUE(taskManagerId, task_manager_id);
  FLINK_MESSAGES(concurrent, concurrent);
  return true;
}
FLINK_WIRE_STRUCT(ExceptionEntry, ExceptionEntry);

FLINK_WIRE_FIELDS(JobDetails) {
  FLINK_MESSAGE(overview, overview);
  FLINK_NUMBERS(timestampsMs, timestamps_ms);
  FLINK_VALUE(nowMs, now_ms);
  FLINK_VALUE(maxParallelism, max_parallelism);
  FLINK_MESSAGES(vertices, vertices);
  FLINK_VALUE(planJson, plan_json);
  FLINK_VALUE(streamGraphJson, stream_graph_json);
  FLINK_MESSAGES(exceptions, exceptions);
  FLINK_VALUE(exceptionsTruncated, exceptions_truncated);
  FLINK_ENTRIES(configuration, configuration);
  FLINK_ENTRIES(globalJobParameters, global_job_parameters);
  FLINK_VALUE(parallelismDefault, parallelism_default);
  FLINK_VALUE(statusMessage, status_message);
  return true;
}
FLINK_WIRE_MESSAGE(JobDetails, JobDetails);

FLINK_WIRE_FIELDS(TaskManagerMemory) {
  FLINK_VALUE(frameworkHeap, framework_heap);
  FLINK_VALUE(taskHeap, task_heap);
  FLINK_VALUE(frameworkOffHeap, framework_off_heap);
  FLINK_VALUE(taskOffHeap, task_off_heap);
  FLINK_VALUE(network, network);
  FLINK_VALUE(managed, managed);
  FLINK_VALUE(jvmMetaspace, jvm_metaspace);
  FLINK_VALUE(jvmOverhead, jvm_overhead);
  FLINK_VALUE(totalFlink, total_flink);
  FLINK_VALUE(totalProcess, total_process);
  return true;
}
FLINK_WIRE_STRUCT(TaskManagerMemory, TaskManagerMemory);

FLINK_WIRE_FIELDS(HardwareDescription) {
  FLINK_VALUE(cpuCores, cpu_cores);
  FLINK_VALUE(physicalMemory, physical_memory);
  FLINK_VALUE(freeMemory, free_memory);
  FLINK_VALUE(managedMemory, managed_memory);
  return true;
}
FLINK_WIRE_STRUCT(HardwareDescription, HardwareDescription);

FLINK_WIRE_FIELDS(TaskManagerView::AllocatedSlot) {
  FLINK_VALUE(job, job);
  FLINK_MESSAGE(resource, resource);
  FLINK_VALUE(assignedTasks, assigned_tasks);
  return true;
}
FLINK_WIRE_STRUCT(TaskManagerView::AllocatedSlot, AllocatedSlot);

FLINK_WIRE_FIELDS(TaskManagerView) {
  FLINK_VALUE(id, id);
  FLINK_VALUE(host, host);
  FLINK_VALUE(pid, pid);
  FLINK_VALUE(rpcPort, rpc_port);
  FLINK_VALUE(dataPort, data_port);
  FLINK_VALUE(lastHeartbeatMs, last_heartbeat_ms);
  FLINK_VALUE(slots, slots);
  FLINK_VALUE(freeSlots, free_slots);
  FLINK_VALUE(assignedTasks, assigned_tasks);
  FLINK_MESSAGE(total, total);
  FLINK_MESSAGE(free, free);
  FLINK_MESSAGE(hardware, hardware);
  FLINK_MESSAGE(memory, memory);
  FLINK_MESSAGES(allocatedSlots, allocated_slots);
  FLINK_ENTRIES(metrics, metrics);
  return true;
}
FLINK_WIRE_MESSAGE(TaskManagerView, TaskManagerView);

FLINK_WIRE_FIELDS(JobResult) {
  FLINK_VALUE(id, id);
  FLINK_VALUE(name, name);
  FLINK_VALUE(status, status);
  FLINK_VALUE(startMs, start_ms);
  FLINK_VALUE(endMs, end_ms);
  FLINK_VALUE(netRuntimeMs, net_runtime_ms);
  FLINK_OPTIONAL(failure, failure);
  FLINK_ENTRIES(accumulators, accumulators);
  return true;
}
FLINK_WIRE_MESSAGE(JobResult, JobResult);

FLINK_WIRE_FIELDS(ClusterEvent) {
  FLINK_VALUE(sequence, sequence);
  FLINK_VALUE(epoch, epoch);
  FLINK_VALUE(timestampMs, timestamp_ms);
  FLINK_VALUE(kind, kind);
  FLINK_ENTRIES(attributes, attributes);
  return true;
}
FLINK_WIRE_MESSAGE(ClusterEvent, ClusterEvent);

}  // namespace flink::protocol
