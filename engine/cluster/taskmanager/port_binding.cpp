#include "cluster/taskmanager/port_binding.h"

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::taskmanager {

Result<int> bindFirstFree(MessageTransport& transport, const std::string& host,
                          const std::vector<int>& ports) {
  Result<int> bound = Status(ErrorCode::kInvalidArgument, "no port to listen on");
  for (const int port : ports) {
    bound = transport.bind(fmt::format("{}:{}", host, port));
    if (bound || bound.status().code() != ErrorCode::kPortInUse) break;
  }
  return bound;
}

}  // namespace flink::taskmanager
