#include "core/base/error_codes.h"

#include <array>

#include "core/base/check.h"

namespace flink {
namespace {

constexpr std::array kErrors = std::to_array<ErrorInfo>({
#define FLINK_ERROR(name, id, retry, cause, fix) \
  {ErrorCode::name, #name, id, RetryHint::retry, cause, fix},
#include "core/base/error_codes.inc"
#undef FLINK_ERROR
});

}  // namespace

const ErrorInfo& errorInfo(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  FLINK_CHECK(index < kErrors.size(), "an error code that is not in the table");
  return kErrors[index];
}

std::span<const ErrorInfo> allErrors() {
  return kErrors;
}

std::optional<ErrorCode> errorCodeById(std::string_view id) {
  for (const ErrorInfo& info : kErrors) {
    if (info.id == id) return info.code;
  }
  return std::nullopt;
}

}  // namespace flink
