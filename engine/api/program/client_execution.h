#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/datastream/program_execution.h"
#include "api/datastream/recorded_result.h"
#include "api/program/program_session.h"
#include "cluster/protocol/job_graph.h"
#include "core/base/rng.h"

namespace flink::program {

/// Submits what the program builds, and keeps what the program learns, so that workers can repeat
/// the program up to there.
/// Thread: the program's.
/// Ownership: borrows session and rng.
class ClientExecution final : public datastream::ProgramExecution {
 public:
  /// `reference`: library, name, entry, arguments and default parallelism; the rest is filled here.
  ClientExecution(protocol::ProgramReference reference, bool detached, ProgramSession& session,
                  Rng& rng);

  std::shared_ptr<JobClient> execute(const datastream::FinishedGraph& finished) override;
  [[nodiscard]] bool detached() const override { return detached_; }
  std::string once(const std::string& name, const std::function<std::string()>& compute) override;
  [[nodiscard]] bool encodesCollections() const override { return true; }

  [[nodiscard]] std::int32_t numJobs() const { return static_cast<std::int32_t>(past_.size()); }

 private:
  protocol::ProgramReference reference_;
  bool detached_;
  ProgramSession& session_;
  Rng& rng_;
  std::vector<std::shared_ptr<datastream::RecordedResult>> past_;
};

}  // namespace flink::program
