#include "cluster/worker/descriptor_channel.h"

#include <utility>

namespace flink::worker {

DescriptorChannel::DescriptorChannel(std::unique_ptr<control::LocalChannel> channel) : channel_(std::move(channel)) {}

void DescriptorChannel::setHandlers(Handlers handlers) {
  Handlers own;
  own.onDisconnect = std::move(handlers.onDisconnect);
  own.onFrame = [this, onFrame = std::move(handlers.onFrame)](const PeerId& peer, Bytes frame) {
    if (OwnedFd descriptor = channel_->takeDescriptor(); descriptor.valid()) {
      const MutexLock lock(mutex_);
      descriptors_.push_back(std::move(descriptor));
    }
    onFrame(peer, std::move(frame));
  };
  channel_->setHandlers(std::move(own));
}

Result<int> DescriptorChannel::bind(const std::string& endpoint) { return channel_->bind(endpoint); }

Result<MessageTransport::PeerId> DescriptorChannel::connect(const std::string& endpoint) {
  return channel_->connect(endpoint);
}

void DescriptorChannel::disconnect(const PeerId& peer) { channel_->disconnect(peer); }

Status DescriptorChannel::send(const PeerId& peer, Bytes frame) { return channel_->send(peer, std::move(frame)); }

void DescriptorChannel::stop() { channel_->stop(); }

OwnedFd DescriptorChannel::next() {
  const MutexLock lock(mutex_);
  if (descriptors_.empty()) return {};
  OwnedFd descriptor = std::move(descriptors_.front());
  descriptors_.pop_front();
  return descriptor;
}

}  // namespace flink::worker
