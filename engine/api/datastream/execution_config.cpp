#include "api/datastream/execution_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/datastream/flink_exception.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"

namespace flink {

namespace {

Logger& logger() {
  static Logger instance("flink.datastream");
  return instance;
}

constexpr std::int32_t kMaxParallelismLimit = 1 << 15;

}  // namespace

ExecutionConfig& ExecutionConfig::setGlobalJobParameters(
    std::map<std::string, std::string> parameters) {
  globalJobParameters_ = std::move(parameters);
  return *this;
}

ExecutionConfig& ExecutionConfig::setGlobalJobParameters(const Parameters& parameters) {
  globalJobParameters_.clear();
  globalJobParameters_.insert(parameters.toMap().begin(), parameters.toMap().end());
  return *this;
}

ExecutionConfig& ExecutionConfig::setParallelism(std::int32_t parallelism) {
  if (parallelism < 1) {
    throw FlinkException(
        Status(ErrorCode::kInvalidArgument,
               fmt::format("the parallelism must be at least 1: parallelism={}", parallelism)));
  }
  parallelism_ = parallelism;
  return *this;
}

ExecutionConfig& ExecutionConfig::setMaxParallelism(std::int32_t maxParallelism) {
  if (maxParallelism < 1 || maxParallelism > kMaxParallelismLimit) {
    throw FlinkException(
        Status(ErrorCode::kInvalidArgument,
               fmt::format("the maximum parallelism must be in 1..{}: maxParallelism={}",
                           kMaxParallelismLimit, maxParallelism)));
  }
  maxParallelism_ = maxParallelism;
  return *this;
}

ExecutionConfig& ExecutionConfig::setAutoWatermarkInterval(std::int64_t intervalMs) {
  if (intervalMs < 0) {
    throw FlinkException(Status(
        ErrorCode::kInvalidArgument,
        fmt::format("the auto watermark interval cannot be negative: intervalMs={}", intervalMs)));
  }
  autoWatermarkIntervalMs_ = intervalMs;
  return *this;
}

ExecutionConfig& ExecutionConfig::ignore(std::string_view call) {
  if (std::find(ignoredCalls_.begin(), ignoredCalls_.end(), call) == ignoredCalls_.end()) {
    ignoredCalls_.emplace_back(call);
    FLINK_INFO(logger(), "{} has no effect: serializers are chosen by type at compile time", call);
  }
  return *this;
}

}  // namespace flink
