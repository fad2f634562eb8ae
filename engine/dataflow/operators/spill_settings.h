#pragma once

#include <cstddef>
#include <string>

namespace flink::operators {

struct OperatorContext;

/// Memory a batch operator may use before it spills; a small floor keeps it working where no
/// managed memory is configured.
[[nodiscard]] std::size_t spillBudget(const OperatorContext& context);
/// Where this instance spills to; nobody else uses the path.
[[nodiscard]] std::string spillPath(const OperatorContext& context);

}  // namespace flink::operators
