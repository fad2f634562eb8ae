#pragma once

#include <deque>
#include <memory>

#include "cluster/control/local_channel.h"
#include "core/base/mutex.h"

namespace flink::worker {

/// Passes a local channel's frames on and keeps the descriptors that came with them, in the same order, until the frame's
/// handler asks.
/// Thread: next() from any thread; the rest as MessageTransport. Ownership: owns the channel.
class DescriptorChannel final : public MessageTransport {
 public:
  explicit DescriptorChannel(std::unique_ptr<control::LocalChannel> channel);

  void setHandlers(Handlers handlers) override;
  Result<int> bind(const std::string& endpoint) override;
  Result<PeerId> connect(const std::string& endpoint) override;
  void disconnect(const PeerId& peer) override;
  Status send(const PeerId& peer, Bytes frame) override;
  void stop() override;

  /// The oldest descriptor that nobody took yet; invalid when there is none.
  OwnedFd next();

 private:
  std::unique_ptr<control::LocalChannel> channel_;
  Mutex mutex_;
  std::deque<OwnedFd> descriptors_ FLINK_GUARDED_BY(mutex_);
};

}  // namespace flink::worker
