#pragma once

#include <memory>
#include <tuple>
#include <utility>

#include "dataflow/operators/operator_factory.h"

namespace flink::operators {

using FactoryPtr = std::unique_ptr<OperatorFactory>;

namespace detail {

/// Makes operators from copies of the arguments.
template <class Operator, class... Args>
class ArgumentFactory final : public OperatorFactory {
 public:
  explicit ArgumentFactory(Args... args) : args_(std::move(args)...) {}
  std::unique_ptr<StreamOperator> create(const OperatorOutputs& outputs) const override {
    return std::apply(
        [&](const Args&... args) { return std::make_unique<Operator>(outputs, args...); }, args_);
  }
  [[nodiscard]] bool usesManagedMemory(bool batchMode) const override {
    if constexpr (requires { Operator::usesManagedMemory(batchMode); }) {
      return Operator::usesManagedMemory(batchMode);
    } else {
      return false;
    }
  }

 private:
  std::tuple<Args...> args_;
};

template <class Operator, class... Args>
FactoryPtr makeFactory(Args... args) {
  return std::make_unique<ArgumentFactory<Operator, Args...>>(std::move(args)...);
}

}  // namespace detail
}  // namespace flink::operators
