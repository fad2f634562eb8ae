#pragma once

#include <stdexcept>
#include <utility>

#include "core/base/result.h"

namespace flink::operators {

/// Carries an engine error out of an operator to the task, which reports status() as the reason of
/// its failure. Operators have no other way out: their calls are batches, not results.
class OperatorFailure : public std::runtime_error {
 public:
  explicit OperatorFailure(Status status)
      : std::runtime_error(status.toString()), status_(std::move(status)) {}
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  Status status_;
};

inline void throwIfError(Status status) {
  if (!status.isOk()) [[unlikely]]
    throw OperatorFailure(std::move(status));
}

template <class T>
T valueOrThrow(Result<T> result) {
  if (!result.isOk()) [[unlikely]]
    throw OperatorFailure(std::move(result).status());
  return std::move(result).value();
}

}  // namespace flink::operators
