#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"

namespace flink::datastream {

/// Equal answers to getJobStatus, one after the other.
struct RecordedStatus {
  std::int32_t status = 0;
  std::int64_t times = 0;
};

/// What one execute() gave the program at the client: the worker gives it the same again.
struct RecordedResult {
  std::string jobId;                     ///< raw bytes
  bool waited = false;                   ///< the program asked for the result
  std::vector<RecordedStatus> statuses;  ///< what getJobStatus answered, in order
  std::string errorId, errorMessage;     ///< of a job that did not finish
  std::int64_t netRuntimeMs = 0;
  std::map<std::string, std::string> accumulators;
  /// Per collect sink, in order; what the program has read so far.
  std::map<std::string, std::vector<std::string>> collected;
  bool collectedTooMuch = false;  ///< more than kMaxCollectedBytes: not recorded
};

/// Collected records travel to every worker of later jobs of the program, so they are bounded.
inline constexpr std::size_t kMaxCollectedBytes = 8U << 20;

[[nodiscard]] std::string encode(const RecordedResult& result);
Result<RecordedResult> decodeRecordedResult(const std::string& bytes);

}  // namespace flink::datastream
