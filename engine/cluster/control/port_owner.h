#pragma once

#include <string>

namespace flink::control {

/// Names the process that listens on a TCP port of this host: "nginx(412)", or "unknown" when /proc
/// does not tell (another user's process).
[[nodiscard]] std::string portOwner(int port);

}  // namespace flink::control
