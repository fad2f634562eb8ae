#pragma once

#include <stdexcept>
#include <utility>

#include "core/base/result.h"

namespace flink {

/// Carries an error through code that cannot return one: user functions, and the API that they
/// call. Whoever runs user code catches it and goes on with status().
class StatusException : public std::runtime_error {
 public:
  explicit StatusException(Status status)
      : std::runtime_error(status.toString()), status_(std::move(status)) {}
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  Status status_;
};

inline void throwIfError(Status status) {
  if (!status.isOk()) [[unlikely]]
    throw StatusException(std::move(status));
}

template <class T>
T valueOrThrow(Result<T> result) {
  if (!result.isOk()) [[unlikely]]
    throw StatusException(std::move(result).status());
  return std::move(result).value();
}

}  // namespace flink
