#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cluster/protocol/cluster_view.h"
#include "core/base/result.h"

namespace flink::control {

/// First event of every subscription: from here on nothing is missed. Its sequence is that of the
/// last event before it.
inline constexpr std::string_view kStreamOpened = "stream.opened";

/// Publishes changes in the cluster to whoever follows them (ClusterClient::followEvents), numbered
/// without gaps. A follower that cannot keep up misses events and sees it by the numbers. Thread:
/// publish from any thread; it never waits.
class EventPublisher {
 public:
  /// `endpoint` is host:port or host:0. Errors: kPortInUse, kBindRefused.
  static Result<std::unique_ptr<EventPublisher>> bind(const std::string& endpoint);
  virtual ~EventPublisher() = default;
  [[nodiscard]] virtual int port() const = 0;
  /// Sets the event's sequence.
  virtual void publish(protocol::ClusterEvent event) = 0;
};

}  // namespace flink::control
