#include "api/datastream/robust_processing.h"

#include "core/base/log.h"

namespace flink::datastream {

namespace {
Logger kLog{"flink.datastream.robust"};
}  // namespace

void logRetryable(const std::string& record, const std::string& error) {
  FLINK_LOG(kLog, LogLevel::kWarn, "Retryable error processing event {}: {}", record, error);
}

void logNonRetryable(const std::string& record, const std::string& error) {
  FLINK_LOG(kLog, LogLevel::kError, "Non-retryable error processing event {}: {}", record, error);
}

void logDeadLetter(const std::string& record, int attempts, const std::string& error) {
  FLINK_LOG(kLog, LogLevel::kError, "Failed to process event {} after {} attempts", record,
            attempts);
  FLINK_LOG(kLog, LogLevel::kWarn, "Sending event {} to dead letter queue: {}", record, error);
}

}  // namespace flink::datastream
