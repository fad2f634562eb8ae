#pragma once

#include <string>
#include <vector>

#include "core/base/message_transport.h"
#include "core/base/result.h"

namespace flink::taskmanager {

/// Binds `transport` to the first of `ports` that is free and returns it. Errors: kPortInUse
/// (naming the owner of the last one), kBindRefused, kInvalidArgument.
Result<int> bindFirstFree(MessageTransport& transport, const std::string& host,
                          const std::vector<int>& ports);

}  // namespace flink::taskmanager
