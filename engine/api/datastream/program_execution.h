#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/datastream/job_client.h"

namespace flink::graph {
struct StreamGraph;
}

namespace flink::datastream {

class ProgramGraph;

/// One execute(): the graph and what travels with it.
struct FinishedGraph {
  const ProgramGraph& program;
  const graph::StreamGraph& graph;
  std::map<std::string, std::string> configuration;
  std::map<std::string, std::string> globalJobParameters;
};

/// Decides what becomes of the graphs that a program builds: a client submits them, a worker keeps
/// one and stops there.
/// Thread: the program's.
class ProgramExecution {
 public:
  virtual ~ProgramExecution() = default;
  /// Submits the graph. In a worker it returns the recorded past, or does not return at all.
  virtual std::shared_ptr<JobClient> execute(const FinishedGraph& finished) = 0;
  /// execute() returns without waiting for the job's end.
  [[nodiscard]] virtual bool detached() const = 0;
  /// What `compute` returned at the client.
  virtual std::string once(const std::string& name,
                           const std::function<std::string()>& compute) = 0;
  /// False where collections come from the JobGraph and need not be encoded again.
  [[nodiscard]] virtual bool encodesCollections() const = 0;
};

}  // namespace flink::datastream
