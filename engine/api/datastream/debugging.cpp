#include "api/datastream/debugging.h"

#include <fmt/format.h>

#include "api/datastream/flink_exception.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"

namespace flink::datastream {

namespace {

Logger& logger() {
  static Logger instance("flink.debugging");
  return instance;
}

}  // namespace

void logDebugLine(const std::string& line) {
  FLINK_INFO(logger(), "{}", line);
}

std::string debugLine(std::string_view name, std::uint64_t numElements, std::string_view element) {
  return fmt::format("Debug [{}]: Processed {} elements, current element: {}", name, numElements,
                     element);
}

std::string sampleLine(std::string_view name, std::string_view element) {
  return fmt::format("Sample [{}]: {}", name, element);
}

void checkSampleRate(double rate) {
  if (rate >= 0 && rate <= 1) return;
  throw FlinkException(Status(ErrorCode::kInvalidArgument,
                              fmt::format("a sample rate must be in 0..1: rate={}", rate)));
}

}  // namespace flink::datastream
