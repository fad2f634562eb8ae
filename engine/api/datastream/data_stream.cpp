#include "api/datastream/data_stream.h"

#include <fmt/format.h>

#include "api/datastream/async_data_stream.h"
#include "api/datastream/flink_exception.h"
#include "core/base/error_codes.h"

namespace flink::datastream {

template CodecPtr plainCodec<std::string>();
template CodecPtr plainCodec<std::int64_t>();

OperatorSpec operatorSpec(const char* name, const char* kind, operators::FactoryPtr factory,
                          std::initializer_list<const std::type_info*> types, OperatorRole role) {
  OperatorSpec spec;
  spec.name = name;
  spec.kind = kind;
  spec.types = types;
  spec.factory = std::move(factory);
  spec.role = role;
  return spec;
}

void checkAsyncSettings(std::int64_t timeoutMs, std::int64_t capacity) {
  if (timeoutMs >= 0 && capacity >= 1) return;
  throw FlinkException(Status(
      ErrorCode::kInvalidArgument,
      fmt::format("asynchronous calls need a timeout of at least 0 and a capacity of at least 1: "
                  "timeoutMs={} capacity={}",
                  timeoutMs, capacity)));
}

}  // namespace flink::datastream
