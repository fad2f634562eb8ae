#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/base/result.h"

namespace flink {

/// Every error the product can report. Values are process-local; only the string id is stable and
/// goes on the wire.
enum class ErrorCode : std::uint16_t {
#define FLINK_ERROR(name, id, retry, cause, fix) name,
#include "core/base/error_codes.inc"
#undef FLINK_ERROR
};

/// Tells a caller, human or program, whether trying again can help.
enum class RetryHint : std::uint8_t { kNo, kLater, kAfterFix };

/// One row of the error table: what `flinkctl explain` and the generated documentation print.
struct ErrorInfo {
  ErrorCode code;
  std::string_view name;
  std::string_view id;
  RetryHint retry;
  std::string_view cause;
  std::string_view fix;
};

[[nodiscard]] const ErrorInfo& errorInfo(ErrorCode code);
[[nodiscard]] std::span<const ErrorInfo> allErrors();
/// Finds a row by its stable id; nullopt when no release ever had it.
[[nodiscard]] std::optional<ErrorCode> errorCodeById(std::string_view id);

}  // namespace flink
