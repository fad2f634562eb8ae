#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/datastream/program_graph.h"
#include "api/datastream/stream_execution_environment.h"
#include "dataflow/graph/job_graph_generator.h"
#include "dataflow/graph/stream_graph.h"

namespace flink::datastream {

/// Keeps the graphs of execute() instead of running them.
class CapturingExecution final : public ProgramExecution {
 public:
  std::shared_ptr<JobClient> execute(const FinishedGraph& finished) override {
    graphs.push_back(finished.graph);
    configuration = finished.configuration;
    globalJobParameters = finished.globalJobParameters;
    return std::make_shared<FinishedJob>();
  }
  [[nodiscard]] bool detached() const override { return false; }
  std::string once(const std::string& /*name*/,
                   const std::function<std::string()>& compute) override {
    return compute();
  }
  [[nodiscard]] bool encodesCollections() const override { return true; }

  std::vector<graph::StreamGraph> graphs;
  std::map<std::string, std::string> configuration;
  std::map<std::string, std::string> globalJobParameters;

 private:
  class FinishedJob final : public JobClient {
   public:
    [[nodiscard]] JobId getJobID() const override { return {}; }
    [[nodiscard]] JobStatus getJobStatus() override { return JobStatus::kFinished; }
    void cancel() override {}
    JobExecutionResult getJobExecutionResult() override { return {}; }
    std::vector<std::string> collect(const std::string& /*collectId*/) override { return {}; }
  };
};

/// An environment whose graphs tests look at.
struct TestProgram {
  CapturingExecution execution;
  StreamExecutionEnvironment env{execution, Configuration{}};

  graph::StreamGraph executed() {
    env.execute("test");
    return execution.graphs.back();
  }
  protocol::JobGraph jobGraph() {
    auto job = graph::generateJobGraph(executed(), JobId{});
    if (!job) throw std::runtime_error(job.status().toString());
    return *std::move(job);
  }
};

inline std::vector<std::string> namesOf(const graph::StreamGraph& graph) {
  std::vector<std::string> names;
  for (const auto& node : graph.nodes) names.push_back(node.name);
  return names;
}

}  // namespace flink::datastream
