#pragma once

#include <memory>
#include <string>
#include <utility>

#include "core/base/message_transport.h"
#include "core/base/process.h"

namespace flink::control {

/// A MessageTransport between a supervisor and one worker over a Unix socket pair, which can also
/// carry descriptors. Its only peer is kPeer on both sides; onDisconnect fires at end of file.
class LocalChannel : public MessageTransport {
 public:
  inline static const PeerId kPeer = "peer";
  /// Sends a frame together with a descriptor (SCM_RIGHTS), which is closed here afterwards.
  virtual Status sendWithDescriptor(Bytes frame, OwnedFd descriptor) = 0;
  /// The descriptor that came with the frame that onFrame is being called for; invalid when none.
  /// REQUIRES: called inside onFrame.
  virtual OwnedFd takeDescriptor() = 0;
};

/// Both ends of a new pair: the supervisor's channel and the descriptor to pass to the worker.
Result<std::pair<std::unique_ptr<LocalChannel>, OwnedFd>> makeLocalChannelPair();
/// The worker's end.
std::unique_ptr<LocalChannel> adoptLocalChannel(OwnedFd socket);

}  // namespace flink::control
