#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/mutex.h"
#include "dataflow/network/client_connection.h"
#include "dataflow/network/frame.h"
#include "dataflow/network/gate_buffers.h"
#include "dataflow/network/gate_queue.h"
#include "dataflow/network/network_environment.h"

namespace flink::network {

/// Receives one subpartition over a connection. Every free segment it holds is one credit of the
/// producer: the exclusive ones at once, floating ones as the producer's backlog asks for them.
/// Credit is announced in batches of about a third of the channel's segments, because a frame costs
/// more than a segment waits. A channel without exclusive segments would hold the gate's floating
/// ones while it is blocked, and those may be all that the others have to get to their barriers
/// with: it gives them back at a barrier and the producer pauses until resume(). Thread: start,
/// take, close on the task's step; the rest on io threads, recycle on any.
class RemoteInputChannel final : public InputChannel,
                                 public SegmentOwner,
                                 public FloatingReceiver,
                                 public std::enable_shared_from_this<RemoteInputChannel> {
 public:
  RemoteInputChannel(int index, ChannelSpec spec, int exclusiveBuffers,
                     std::shared_ptr<GateQueue> queue, std::shared_ptr<GateBuffers> buffers,
                     std::shared_ptr<ConnectionManager> connections);

  void start() override;
  TakeResult take(Taken& out) override;
  void resume() override;
  void close() override;
  [[nodiscard]] bool isLocal() const override { return false; }
  [[nodiscard]] int queuedBuffers() const override;
  [[nodiscard]] std::int64_t queuedBytes() const override;

  // From the connection.
  /// A buffer to read the announced content into; invalid when the channel is closed. Errors:
  /// kCorruptData.
  Result<Buffer> prepareBuffer(const FrameHeader& header);
  void onBuffer(Buffer buffer, std::uint32_t backlog);
  Status onEvent(const FrameHeader& header, ByteView payload);
  void onBacklog(std::uint32_t backlog);
  void onFailure(Status reason);

  bool offer(std::byte* segment, SegmentKind kind) override;
  void recycle(std::byte* segment, std::uint32_t channel) override;

  /// Segments the channel holds now, for metrics.
  struct Held {
    int exclusive = 0, floating = 0, free = 0;
  };
  [[nodiscard]] Held held() const;

 private:
  /// Asks for floating segments up to the backlog.
  void askForFloating() FLINK_REQUIRES(mutex_);
  /// Credit that is worth a frame now; 0 for none.
  std::uint32_t creditToAnnounce() FLINK_REQUIRES(mutex_);
  void announce(std::uint32_t credit);
  /// At a barrier of a channel without exclusive segments: gives up its credit. Returns the
  /// segments, for release without the lock.
  std::vector<std::byte*> pause() FLINK_REQUIRES(mutex_);
  Status checkSequence(const FrameHeader& header) FLINK_REQUIRES(mutex_);

  const int index_;
  const ChannelSpec spec_;
  const int exclusiveBuffers_;
  const std::shared_ptr<GateQueue> queue_;
  const std::shared_ptr<GateBuffers> buffers_;
  const std::shared_ptr<ConnectionManager> connections_;
  /// Set by start(), before anything arrives.
  std::shared_ptr<ClientConnection> connection_;
  std::uint32_t id_ = 0;

  mutable Mutex mutex_;
  std::deque<QueuedItem> received_ FLINK_GUARDED_BY(mutex_);
  std::size_t numEvents_ FLINK_GUARDED_BY(mutex_) = 0;     ///< of received_
  std::vector<std::byte*> free_ FLINK_GUARDED_BY(mutex_);  ///< credit: announced or about to be
  int exclusiveHeld_ FLINK_GUARDED_BY(mutex_) = 0;
  int floatingHeld_ FLINK_GUARDED_BY(mutex_) = 0;
  std::uint32_t unannounced_ FLINK_GUARDED_BY(mutex_) = 0;
  std::uint32_t backlog_ FLINK_GUARDED_BY(mutex_) = 0;
  std::uint32_t nextSequence_ FLINK_GUARDED_BY(mutex_) = 0;
  bool waitsForFloating_ FLINK_GUARDED_BY(mutex_) = false;
  bool requested_ FLINK_GUARDED_BY(mutex_) = false;
  /// A barrier came and the producer waits for resume(), of use once the task has the barrier.
  bool paused_ FLINK_GUARDED_BY(mutex_) = false;
  bool barrierTaken_ FLINK_GUARDED_BY(mutex_) = false;
  bool dataEnded_ FLINK_GUARDED_BY(mutex_) = false;  ///< kEndOfData received
  bool ended_ FLINK_GUARDED_BY(mutex_) = false;
  bool closed_ FLINK_GUARDED_BY(mutex_) = false;
};

}  // namespace flink::network
