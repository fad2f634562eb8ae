#include "dataflow/task/user_code.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::task {
namespace {

std::string readableName(const std::type_info& type) {
  int failed = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &failed), &std::free);
  return failed == 0 ? std::string(name.get()) : std::string(type.name());
}

Status failed(const std::string& exception) {
  const char* op = currentCode.op;
  return {ErrorCode::kUserCodeFailed,
          fmt::format("user code threw an exception: operator={} exception={}",
                      op != nullptr ? op : "none", exception)};
}

}  // namespace

Status describeUserException() {
  try {
    throw;
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
