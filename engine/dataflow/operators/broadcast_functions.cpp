#include "dataflow/operators/broadcast_functions.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::operators {

void BroadcastStates::open(state::OperatorStateBackend& backend) {
  backend_ = &backend;
  for (const BroadcastDescriptor& descriptor : declared_) descriptor.declare(backend);
}

void BroadcastStates::requireDeclared(std::string_view name) const {
  const bool isDeclared = std::any_of(declared_.begin(), declared_.end(),
                                      [&](const auto& known) { return known.name == name; });
  if (isDeclared) return;
  throw StatusException(Status(
      ErrorCode::kInvalidArgument,
      fmt::format("The requested state does not exist. Check for typos in your state descriptor, "
                  "or specify the state descriptor in the datastream.broadcast(...) call if you "
                  "forgot to register it. state={}",
                  name)));
}

}  // namespace flink::operators
