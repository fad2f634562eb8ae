#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/protocol/job_status.h"
#include "core/base/ids.h"

namespace flink {

using JobStatus = protocol::JobStatus;

/// What a finished job left behind.
class JobExecutionResult {
 public:
  JobExecutionResult() = default;
  JobExecutionResult(JobId id, std::int64_t netRuntimeMs,
                     std::map<std::string, std::string> accumulators)
      : id_(id), netRuntimeMs_(netRuntimeMs), accumulators_(std::move(accumulators)) {}

  [[nodiscard]] const JobId& getJobID() const { return id_; }
  /// Milliseconds between the job's start and its end.
  [[nodiscard]] std::int64_t getNetRuntime() const { return netRuntimeMs_; }
  /// The accumulator's final value as text; throws FlinkException when the job had none of that
  /// name.
  [[nodiscard]] const std::string& getAccumulatorResult(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, std::string>& getAllAccumulatorResults() const {
    return accumulators_;
  }

 private:
  JobId id_;
  std::int64_t netRuntimeMs_ = 0;
  std::map<std::string, std::string> accumulators_;
};

/// A submitted job.
/// Thread: one caller at a time.
class JobClient {
 public:
  virtual ~JobClient() = default;
  [[nodiscard]] virtual JobId getJobID() const = 0;
  [[nodiscard]] virtual JobStatus getJobStatus() = 0;
  virtual void cancel() = 0;
  /// Waits for the job's end. Throws JobExecutionException when it failed or was cancelled.
  virtual JobExecutionResult getJobExecutionResult() = 0;
  /// The next records of a collect sink, at least one; empty at the end. Throws
  /// JobExecutionException like getJobExecutionResult().
  virtual std::vector<std::string> collect(const std::string& collectId) = 0;
};

}  // namespace flink
