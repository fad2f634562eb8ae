#include "cluster/protocol/codec_message.inc"

#include "envelope.pb.h"
#include "job_graph.pb.h"

namespace flink::protocol {

FLINK_WIRE_FIELDS(ResourceProfile) {
  FLINK_VALUE(cpuCores, cpu_cores);
  FLINK_VALUE(taskHeapBytes, task_heap_bytes);
  FLINK_VALUE(taskOffHeapBytes, task_off_heap_bytes);
  FLINK_VALUE(managedBytes, managed_bytes);
  FLINK_VALUE(networkBytes, network_bytes);
  return true;
}
FLINK_WIRE_STRUCT(ResourceProfile, ResourceProfile);

FLINK_WIRE_FIELDS(ChainedOperator) {
  FLINK_VALUE(streamNodeId, stream_node_id);
  FLINK_VALUE(id, id);
  FLINK_VALUE(name, name);
  FLINK_VALUE(description, description);
  FLINK_VALUE(uid, uid);
  FLINK_VALUES(chainedOutputs, chained_outputs);
  FLINK_VALUES(chainedOutputTags, chained_output_tags);
  FLINK_VALUE(isSource, is_source);
  FLINK_VALUE(hasCoordinator, has_coordinator);
  return kWriting<V> || v.chainedOutputs.size() == v.chainedOutputTags.size();
}
FLINK_WIRE_STRUCT(ChainedOperator, ChainedOperator);

FLINK_WIRE_FIELDS(JobEdge) {
  FLINK_VALUE(dataSet, data_set);
  FLINK_VALUE(source, source);
  FLINK_VALUE(target, target);
  FLINK_VALUE(sourceStreamNode, source_stream_node);
  FLINK_VALUE(targetStreamNode, target_stream_node);
  FLINK_VALUE(targetInput, target_input);
  FLINK_VALUE(sideOutputTag, side_output_tag);
  FLINK_VALUE(shipStrategy, ship_strategy);
  FLINK_VALUE(exchange, exchange);
  FLINK_VALUE(compressed, compressed);
  return true;
}
FLINK_WIRE_STRUCT(JobEdge, JobEdge);

FLINK_WIRE_FIELDS(JobVertex) {
  FLINK_VALUE(id, id);
  FLINK_VALUE(name, name);
  FLINK_VALUE(description, description);
  FLINK_VALUE(parallelism, parallelism);
  FLINK_VALUE(maxParallelism, max_parallelism);
  FLINK_VALUE(maxParallelismConfigured, max_parallelism_configured);
  FLINK_VALUE(slotSharingGroup, slot_sharing_group);
  FLINK_MESSAGES(operators, operators);
  FLINK_VALUE(bufferTimeoutMs, buffer_timeout_ms);
  return true;
}
FLINK_WIRE_STRUCT(JobVertex, JobVertex);

FLINK_WIRE_FIELDS(SlotSharingGroup) {
  FLINK_VALUE(name, name);
  FLINK_VALUE(id, id);
  FLINK_OPTIONAL(profile, profile);
  return true;
}
FLINK_WIRE_STRUCT(SlotSharingGroup, SlotSharingGroup);

FLINK_WIRE_FIELDS(ProgramReference) {
  FLINK_VALUE(library, library);
  FLINK_VALUE(libraryName, library_name);
  FLINK_VALUE(entry, entry);
  FLINK_VALUES(arguments, arguments);
  FLINK_VALUE(executeIndex, execute_index);
  FLINK_VALUE(defaultParallelism, default_parallelism);
  FLINK_ENTRIES(configuration, configuration);
  FLINK_ENTRIES(onceValues, once_values);
  FLINK_VALUES(earlierResults, earlier_results);
  FLINK_VALUE(workingDirectory, working_directory);
  return true;
}
FLINK_WIRE_STRUCT(ProgramReference, ProgramReference);

using FingerprintOfNode = std::pair<std::int32_t, std::uint64_t>;
FLINK_WIRE_FIELDS(FingerprintOfNode) {
  FLINK_VALUE(first, stream_node_id);
  FLINK_VALUE(second, hash);
  return true;
}
FLINK_WIRE_STRUCT(FingerprintOfNode, FingerprintEntry);

FLINK_WIRE_FIELDS(JobGraph) {
  FLINK_VALUE(id, id);
  FLINK_VALUE(name, name);
  FLINK_VALUE(type, type);
  FLINK_MESSAGES(vertices, vertices);
  FLINK_MESSAGES(edges, edges);
  FLINK_MESSAGES(slotSharingGroups, slot_sharing_groups);
  FLINK_MESSAGE(program, program);
  FLINK_MESSAGES(fingerprint, fingerprint);
  FLINK_ENTRIES(configuration, configuration);
  FLINK_ENTRIES(globalJobParameters, global_job_parameters);
  FLINK_ENTRIES(collections, collections);
  FLINK_VALUE(planJson, plan_json);
  FLINK_VALUE(executionPlanJson, execution_plan_json);
  FLINK_VALUE(planDot, plan_dot);
  FLINK_VALUE(streamGraphJson, stream_graph_json);
  FLINK_VALUE(autoWatermarkIntervalMs, auto_watermark_interval_ms);
  return true;
}
FLINK_WIRE_MESSAGE(JobGraph, JobGraph);

Bytes encodeEnvelope(const Envelope& envelope) {
  wire::Envelope message;
  message.set_protocol_version(envelope.protocolVersion);
  message.set_kind(static_cast<wire::EnvelopeKind>(envelope.kind));
  message.set_method(static_cast<std::uint32_t>(envelope.method));
  message.set_request_id(envelope.requestId);
  message.set_sender(envelope.sender);
  message.set_epoch(static_cast<std::uint64_t>(envelope.epoch));
  message.set_deadline_ms(envelope.deadlineMs);
  message.set_error_id(envelope.errorId);
  message.set_error_message(envelope.errorMessage);
  message.set_body(envelope.body);
  message.set_stream(envelope.stream);
  message.set_sequence(envelope.sequence);
  message.set_stream_base(envelope.streamBase);
  Bytes bytes;
  const bool serialized = message.SerializeToString(&bytes);
  FLINK_CHECK(serialized, "a control frame is over 2 GiB");
  return bytes;
}

Result<Envelope> decodeEnvelope(ByteView frame) {
  if (frame.size() > kMaxFrameBytes) {
    return {ErrorCode::kLimitExceeded,
            fmt::format("frame too large: size={} limit={}", frame.size(), kMaxFrameBytes)};
  }
  wire::Envelope message;  // flat: no more memory than the frame
  if (!message.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) {
    return {ErrorCode::kBadFrame, fmt::format("frame does not decode: size={}", frame.size())};
  }
  if (message.protocol_version() != kProtocolVersion) {
    return {ErrorCode::kBadFrame,
            fmt::format("frame of another protocol version: version={} ours={}",
                        message.protocol_version(), kProtocolVersion)};
  }
  Envelope envelope;
  if (!fromWire(message.kind(), envelope.kind) || message.method() > UINT16_MAX ||
      message.deadline_ms() < 0) {
    return {ErrorCode::kBadFrame,
            fmt::format("frame with a bad head: kind={} method={} deadline={}",
                        static_cast<int>(message.kind()), message.method(), message.deadline_ms())};
  }
  envelope.method = static_cast<Method>(message.method());
  envelope.requestId = message.request_id();
  envelope.sender = std::move(*message.mutable_sender());
  envelope.epoch = static_cast<Epoch>(message.epoch());
  envelope.deadlineMs = message.deadline_ms();
  envelope.errorId = std::move(*message.mutable_error_id());
  envelope.errorMessage = std::move(*message.mutable_error_message());
  envelope.body = std::move(*message.mutable_body());
  envelope.stream = message.stream();
  envelope.sequence = message.sequence();
  envelope.streamBase = message.stream_base();
  return envelope;
}

std::optional<Envelope> refusalOfOtherVersion(ByteView frame) {
  wire::Envelope message;
  if (frame.size() > kMaxFrameBytes ||
      !message.ParseFromArray(frame.data(), static_cast<int>(frame.size())) ||
      message.protocol_version() == kProtocolVersion || message.kind() != wire::ENVELOPE_REQUEST ||
      message.method() > UINT16_MAX) {
    return std::nullopt;
  }
  Envelope refusal;
  refusal.protocolVersion = message.protocol_version();
  refusal.kind = EnvelopeKind::kError;
  refusal.method = static_cast<Method>(message.method());
  refusal.requestId = message.request_id();
  refusal.errorId = errorInfo(ErrorCode::kBadFrame).id;
  refusal.errorMessage =
      fmt::format("the request is of another protocol version: version={} ours={}",
                  message.protocol_version(), kProtocolVersion);
  return refusal;
}

}  // namespace flink::protocol
