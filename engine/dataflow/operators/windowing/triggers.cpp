#include "dataflow/operators/windowing/triggers.h"

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/status_exception.h"

namespace flink::operators {

NextFireTime::NextFireTime(std::chrono::milliseconds interval) : interval_(interval.count()) {
  if (interval_ > 0) return;
  throw StatusException(Status(
      ErrorCode::kInvalidArgument,
      fmt::format("a continuous trigger's interval must be positive: interval={} ms", interval_)));
}

}  // namespace flink::operators
