#pragma once

#include <memory>
#include <string>

#include "api/datastream/program_execution.h"
#include "cluster/protocol/job_graph.h"
#include "core/base/result.h"

namespace flink::program {

/// Ends the program once the wanted graph is there. Programs must not catch it; `catch (...)` has
/// to rethrow.
struct GraphRebuilt {};

/// Repeats a program up to the execute() that made the given job: earlier ones return the recorded
/// results, that one checks the topology and unwinds.
/// Thread: the program's.
class RebuildExecution final : public datastream::ProgramExecution {
 public:
  explicit RebuildExecution(const protocol::JobGraph& job) : job_(job) {}

  std::shared_ptr<JobClient> execute(const datastream::FinishedGraph& finished) override;
  [[nodiscard]] bool detached() const override { return false; }
  std::string once(const std::string& name, const std::function<std::string()>& compute) override;
  [[nodiscard]] bool encodesCollections() const override { return false; }

  /// True once the wanted graph was reached; then `outcome` tells whether it fits.
  [[nodiscard]] bool reached() const { return reached_; }
  [[nodiscard]] const Status& outcome() const { return outcome_; }

 private:
  const protocol::JobGraph& job_;
  std::int32_t numExecuted_ = 0;
  bool reached_ = false;
  Status outcome_;
};

}  // namespace flink::program
