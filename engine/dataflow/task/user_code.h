#pragma once

#include <string>
#include <string_view>

#include "core/base/current_code.h"
#include "core/base/result.h"

namespace flink::task {

/// Names task and operator on this thread while user code may run.
class CodeScope {
 public:
  CodeScope(const char* task, const char* op) : previous_(currentCode) { currentCode = {task, op}; }
  ~CodeScope() { currentCode = previous_; }
  CodeScope(const CodeScope&) = delete;
  CodeScope& operator=(const CodeScope&) = delete;

 private:
  const CurrentCode previous_;
};

/// Describes the exception that is being handled: an OperatorFailure by its own status, anything
/// else as kUserCodeFailed with the exception's type and its text; both name the operator.
/// REQUIRES: called inside a catch block, before the CodeScope ends.
[[nodiscard]] Status describeUserException();

}  // namespace flink::task
