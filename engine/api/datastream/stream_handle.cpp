#include "api/datastream/stream_handle.h"

#include <algorithm>
#include <utility>

#include "api/datastream/environment_state.h"
#include "api/datastream/flink_exception.h"
#include "core/base/error_codes.h"
#include "dataflow/graph/stream_graph.h"

namespace flink::datastream {

StreamHandle::StreamHandle(std::shared_ptr<EnvironmentState> environment, StreamOutputs outputs)
    : environment_(std::move(environment)), outputs_(std::move(outputs)) {}

StreamHandle::StreamHandle(const StreamHandle& other) = default;
StreamHandle::StreamHandle(StreamHandle&& other) noexcept = default;
StreamHandle& StreamHandle::operator=(const StreamHandle& other) = default;
StreamHandle& StreamHandle::operator=(StreamHandle&& other) noexcept = default;
StreamHandle::~StreamHandle() = default;

StreamHandle StreamHandle::ofSource(const std::shared_ptr<EnvironmentState>& environment,
                                    OperatorSpec spec, CodecOf codec) {
  const std::int32_t node = environment->graph->add(std::move(spec));
  return {environment, {{node, "", std::nullopt, codec()}}};
}

StreamHandle StreamHandle::transform(OperatorSpec spec, CodecOf codec) const {
  const std::int32_t node = graph().add(std::move(spec), {outputs_});
  return {environment_, {{node, "", std::nullopt, codec()}}};
}

StreamHandle StreamHandle::transform(const StreamHandle& second, OperatorSpec spec,
                                     CodecOf codec) const {
  requireSameEnvironment(second);
  const std::int32_t node = graph().add(std::move(spec), {outputs_, second.outputs_});
  return {environment_, {{node, "", std::nullopt, codec()}}};
}

void StreamHandle::missesTimestamps() const {
  graph().setTimestamps(node(), graph::Timestamps::kMissing);
}
void StreamHandle::assignsTimestamps() const {
  graph().setTimestamps(node(), graph::Timestamps::kAssigned);
}
void StreamHandle::requiresTimestamps() const {
  graph().setTimestamps(node(), graph::Timestamps::kRequired);
}

std::int32_t StreamHandle::sink(OperatorSpec spec) const {
  return graph().add(std::move(spec), {outputs_});
}

StreamHandle StreamHandle::partitioned(protocol::ShipStrategy strategy, CodecPtr codec) const {
  graph().skipIds();
  StreamOutputs outputs = outputs_;
  for (StreamOutput& output : outputs) {
    output.shipStrategy = strategy;
    output.codec = codec;
  }
  return {environment_, std::move(outputs)};
}

StreamHandle StreamHandle::unitedWith(std::initializer_list<const StreamHandle*> others) const {
  graph().skipIds();
  StreamOutputs outputs = outputs_;
  for (const StreamHandle* other : others) {
    requireSameEnvironment(*other);
    outputs.insert(outputs.end(), other->outputs_.begin(), other->outputs_.end());
  }
  return {environment_, std::move(outputs)};
}

StreamHandle StreamHandle::sideOutput(const std::string& tag, CodecOf codec) const {
  graph().skipIds();
  return {environment_, {{node(), tag, std::nullopt, codec()}}};
}

bool StreamHandle::isKeyed() const {
  return std::all_of(outputs_.begin(), outputs_.end(), [](const StreamOutput& output) {
    return output.shipStrategy == protocol::ShipStrategy::kHash;
  });
}

ProgramGraph& StreamHandle::graph() const {
  return *environment_->graph;
}

std::shared_ptr<JobClient> StreamHandle::executeAsync(const std::string& jobName) const {
  return environment_->executeAsync(jobName);
}

void StreamHandle::requireSameEnvironment(const StreamHandle& other) const {
  if (environment_ == other.environment_) return;
  throw FlinkException(
      Status(ErrorCode::kJobGraphInvalid, "streams of different environments cannot be combined"));
}

}  // namespace flink::datastream
