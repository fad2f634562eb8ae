#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/message_transport.h"

namespace flink::control {

struct ZmqTransportOptions {
  std::string identity;  ///< shown in peers' logs; a random suffix makes it unique
  /// A connect() that found nobody listening, at its first attempt after being connected or made;
  /// it goes on trying.
  std::function<void(const MessageTransport::PeerId&)> onConnectFailed;
};

/// makeZmqTransport() with everything that can be set.
std::unique_ptr<MessageTransport> makeZmqTransport(ZmqTransportOptions options);

}  // namespace flink::control
