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

}  // namespace flink::datastream
