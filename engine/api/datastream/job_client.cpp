#include "api/datastream/job_client.h"

#include <fmt/format.h>

#include "api/datastream/flink_exception.h"
#include "core/base/error_codes.h"

namespace flink {

const std::string& JobExecutionResult::getAccumulatorResult(const std::string& name) const {
  const auto it = accumulators_.find(name);
  if (it == accumulators_.end()) {
    throw FlinkException(Status(
        ErrorCode::kNotFound,
        fmt::format("the job has no accumulator of that name: name={} job={}", name, id_.toHex())));
  }
  return it->second;
}

}  // namespace flink
