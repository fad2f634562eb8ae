#include "api/datastream/keyed_stream.h"

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::datastream {

void throwNoSuchField(const char* aggregation, std::size_t position, std::size_t numFields) {
  throw FlinkException(Status(ErrorCode::kInvalidArgument,
                              fmt::format("the record has no field of that position that fits the "
                                          "aggregation: aggregation={} position={} fields={}",
                                          aggregation, position, numFields)));
}

void checkJoinBounds(std::int64_t lowerMs, std::int64_t upperMs) {
  if (lowerMs <= upperMs) return;
  throw FlinkException(
      Status(ErrorCode::kInvalidArgument,
             fmt::format("Lower bound needs to be less than or equal to upper bound: lowerMs={} "
                         "upperMs={}",
                         lowerMs, upperMs)));
}

}  // namespace flink::datastream
