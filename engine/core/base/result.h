#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/check.h"

namespace flink {

/// Identifies one row of the error table. The rows are defined in error_codes.h, which only the
/// .cpp files that raise or inspect errors include; this header stays cheap.
enum class ErrorCode : std::uint16_t;

/// Reports success, or one row of the error table together with the facts of this occurrence.
/// Message style: lower-case static text first, values last (`port in use: port=6123
/// owner=nginx(412)`). Thread: a value; safe to move between threads.
class [[nodiscard]] Status {
 public:
  Status() noexcept = default;
  Status(ErrorCode code, std::string message);
  Status(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(const Status& other);
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  static Status ok() noexcept { return {}; }

  [[nodiscard]] bool isOk() const noexcept { return rep_ == nullptr; }
  explicit operator bool() const noexcept { return isOk(); }

  /// REQUIRES: !isOk().
  [[nodiscard]] ErrorCode code() const;
  [[nodiscard]] const std::string& message() const;

  /// The stable identifier, e.g. "FLINK-NET-003"; "OK" on success.
  [[nodiscard]] std::string_view id() const;

  /// The reason below this one, outermost first; nullptr when there is none.
  [[nodiscard]] const Status* cause() const;

  /// Returns this error with `inner` appended at the end of its chain of causes.
  [[nodiscard]] Status causedBy(Status inner) &&;

  /// "FLINK-NET-003: message" followed by "; caused by: ..." for each cause.
  [[nodiscard]] std::string toString() const;

 private:
  struct Rep;
  struct RepDelete {
    void operator()(Rep* rep) const noexcept;
  };
  std::unique_ptr<Rep, RepDelete> rep_;
};

/// Holds either a value or the Status that explains why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Status status)
      : state_(std::in_place_index<1>, std::move(status)) {  // NOLINT(google-explicit-constructor)
    FLINK_CHECK(!std::get<1>(state_).isOk(), "a Result without a value needs an error");
  }
  Result(ErrorCode code, std::string message) : Result(Status(code, std::move(message))) {}

  [[nodiscard]] bool isOk() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return isOk(); }

  /// REQUIRES: isOk().
  [[nodiscard]] T& value() & {
    FLINK_CHECK(isOk(), status().toString());
    return std::get<0>(state_);
  }
  [[nodiscard]] const T& value() const& {
    FLINK_CHECK(isOk(), status().toString());
    return std::get<0>(state_);
  }
  [[nodiscard]] T&& value() && {
    FLINK_CHECK(isOk(), status().toString());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// The error; Status::ok() when there is a value.
  [[nodiscard]] Status status() const& { return isOk() ? Status::ok() : std::get<1>(state_); }
  [[nodiscard]] Status status() && {
    return isOk() ? Status::ok() : std::get<1>(std::move(state_));
  }

  [[nodiscard]] T valueOr(T fallback) && {
    return isOk() ? std::get<0>(std::move(state_)) : std::move(fallback);
  }

 private:
  std::variant<T, Status> state_;
};

#define FLINK_CONCAT_INNER(a, b) a##b
#define FLINK_CONCAT(a, b) FLINK_CONCAT_INNER(a, b)

/// Returns from the enclosing function when `expr` (a Status) is an error.
#define FLINK_RETURN_IF_ERROR(expr)                                                    \
  do {                                                                                 \
    if (::flink::Status flinkStatus = (expr); !flinkStatus.isOk()) return flinkStatus; \
  } while (false)

/// Evaluates `expr` (a Result) and either binds its value to `lhs` or returns its error.
#define FLINK_ASSIGN_OR_RETURN(lhs, expr) \
  FLINK_ASSIGN_OR_RETURN_INNER(FLINK_CONCAT(flinkResult, __LINE__), lhs, expr)
#define FLINK_ASSIGN_OR_RETURN_INNER(result, lhs, expr)  \
  auto result = (expr);                                  \
  if (!result.isOk()) return std::move(result).status(); \
  lhs = std::move(result).value()

}  // namespace flink
