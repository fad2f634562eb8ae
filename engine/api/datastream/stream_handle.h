#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

#include "api/datastream/program_graph.h"
#include "cluster/protocol/job_graph.h"
#include "dataflow/operators/operator_factory.h"

namespace flink {
class JobClient;
}

namespace flink::datastream {

struct EnvironmentState;

using CodecPtr = std::shared_ptr<const operators::EdgeCodec>;
/// Gives the codec of a record type.
using CodecOf = CodecPtr (*)();

/// The untyped part of every stream: which outputs it stands for, in which program. Everything here
/// is out of line: what templates of the API instantiate in every program stays small.
class StreamHandle {
 public:
  StreamHandle(std::shared_ptr<EnvironmentState> environment, StreamOutputs outputs);
  StreamHandle(const StreamHandle& other);
  StreamHandle(StreamHandle&& other) noexcept;
  StreamHandle& operator=(const StreamHandle& other);
  StreamHandle& operator=(StreamHandle&& other) noexcept;
  ~StreamHandle();
  /// A new source's main output.
  static StreamHandle ofSource(const std::shared_ptr<EnvironmentState>& environment,
                               OperatorSpec spec, CodecOf codec);

  /// Adds an operator that reads this stream; its main output.
  [[nodiscard]] StreamHandle transform(OperatorSpec spec, CodecOf codec) const;
  /// Adds an operator that reads this stream and, as its second input, another.
  [[nodiscard]] StreamHandle transform(const StreamHandle& second, OperatorSpec spec,
                                       CodecOf codec) const;
  /// Adds an operator without outputs and returns its id.
  std::int32_t sink(OperatorSpec spec) const;

  /// The same outputs under another partitioning.
  [[nodiscard]] StreamHandle partitioned(protocol::ShipStrategy strategy, CodecPtr codec) const;
  [[nodiscard]] StreamHandle unitedWith(std::initializer_list<const StreamHandle*> others) const;
  [[nodiscard]] StreamHandle sideOutput(const std::string& tag, CodecOf codec) const;

  // What the operator that makes this stream has to do with timestamps, see graph::Timestamps.
  void missesTimestamps() const;
  void assignsTimestamps() const;
  void requiresTimestamps() const;

  /// The operator that makes this stream.
  /// REQUIRES: not a union.
  [[nodiscard]] std::int32_t node() const { return outputs_.front().node; }
  [[nodiscard]] bool isKeyed() const;
  [[nodiscard]] ProgramGraph& graph() const;
  /// Submits what the environment has pending.
  [[nodiscard]] std::shared_ptr<JobClient> executeAsync(const std::string& jobName) const;

 private:
  void requireSameEnvironment(const StreamHandle& other) const;

  std::shared_ptr<EnvironmentState> environment_;
  StreamOutputs outputs_;
};

}  // namespace flink::datastream
