#pragma once

#include <memory>
#include <string>

#include "api/datastream/checkpoint_config.h"
#include "api/datastream/program_execution.h"
#include "api/datastream/program_graph.h"
#include "api/datastream/strategies.h"
#include "core/config/configuration.h"

namespace flink::datastream {

/// What a StreamExecutionEnvironment and the streams made from it share.
/// Ownership: borrows the execution, which outlives the program's run.
struct EnvironmentState {
  explicit EnvironmentState(ProgramExecution& programExecution) : execution(programExecution) {}
  EnvironmentState(const EnvironmentState&) = delete;
  EnvironmentState& operator=(const EnvironmentState&) = delete;
  ProgramExecution& execution;
  std::shared_ptr<ProgramGraph> graph = std::make_shared<ProgramGraph>();
  config::Configuration configuration;
  CheckpointConfig checkpointConfig{configuration};
  TimeCharacteristic timeCharacteristic = TimeCharacteristic::EventTime;

  /// Submits what is pending as one job.
  std::shared_ptr<JobClient> executeAsync(const std::string& jobName);
};

}  // namespace flink::datastream
