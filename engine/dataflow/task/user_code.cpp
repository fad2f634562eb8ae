#include "dataflow/task/user_code.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::task {
namespace {

std::string readableName(const std::type_info& type) {
  int failed = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &failed), &std::free);
  return failed == 0 ? std::string(name.get()) : std::string(type.name());
}

const char* currentOperator() {
  return currentCode.op != nullptr ? currentCode.op : "none";
}

Status failed(const std::string& exception) {
  return {ErrorCode::kUserCodeFailed,
          fmt::format("user code threw an exception: operator={} exception={}", currentOperator(),
                      exception)};
}

/// What an operator of the engine reports keeps its code: a full disk is not the user's mistake.
Status failed(const Status& reason) {
  Status failure(reason.code(), fmt::format("{} operator={}", reason.message(), currentOperator()));
  return reason.cause() == nullptr ? failure : std::move(failure).causedBy(*reason.cause());
}

}  // namespace

Status describeUserException() {
  try {
    throw;
  } catch (const operators::OperatorFailure& failure) {
    return failed(failure.status());
  } catch (const std::exception& exception) {
    return failed(readableName(typeid(exception)) + ": " + exception.what());
  } catch (const Status& status) {
    return failed("flink::Status").causedBy(status);
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return failed(type != nullptr ? readableName(*type) : "of unknown type");
  }
}

}  // namespace flink::task
