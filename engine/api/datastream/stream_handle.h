#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/datastream/program_graph.h"
#include "cluster/protocol/job_graph.h"
#include "dataflow/operators/operator_factory.h"

namespace flink {
class JobClient;
}

namespace flink::datastream {

struct EnvironmentState;

/// The untyped part of every stream: which outputs it stands for, in which program.
class StreamHandle {
 public:
  StreamHandle(std::shared_ptr<EnvironmentState> environment, StreamOutputs outputs);
  /// A new source's main output.
  static StreamHandle ofSource(std::shared_ptr<EnvironmentState> environment, OperatorSpec spec,
                               std::shared_ptr<const operators::EdgeCodec> codec);

  /// Adds an operator that reads this stream; its main output.
  [[nodiscard]] StreamHandle transform(OperatorSpec spec, std::shared_ptr<const operators::EdgeCodec> codec) const;
  /// Adds an operator that reads this stream and, as its second input, another.
  [[nodiscard]] StreamHandle transform(const StreamHandle& second, OperatorSpec spec,
                                       std::shared_ptr<const operators::EdgeCodec> codec) const;
  /// Adds an operator without outputs and returns its id.
  std::int32_t sink(OperatorSpec spec) const;

  /// The same outputs under another partitioning.
  [[nodiscard]] StreamHandle partitioned(protocol::ShipStrategy strategy,
                                         std::shared_ptr<const operators::EdgeCodec> codec) const;
  [[nodiscard]] StreamHandle unitedWith(const std::vector<const StreamHandle*>& others) const;
  [[nodiscard]] StreamHandle sideOutput(std::string tag, std::shared_ptr<const operators::EdgeCodec> codec) const;

  /// The operator that makes this stream. REQUIRES: not a union.
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
