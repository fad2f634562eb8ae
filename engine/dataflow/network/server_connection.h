#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/mutex.h"
#include "core/base/stream_transport.h"
#include "dataflow/network/frame.h"
#include "dataflow/network/frame_reader.h"
#include "dataflow/network/partition_registry.h"
#include "dataflow/network/subpartition.h"

namespace flink::network {

class ServerConnection;

/// One subpartition that a connection sends. Its fields belong to the connection's lock.
class ServerChannel final : public SubpartitionListener,
                            public std::enable_shared_from_this<ServerChannel> {
 public:
  ServerChannel(std::uint32_t id, std::uint32_t credit, bool pausesAtBarriers,
                std::weak_ptr<ServerConnection> connection)
      : id(id),
        initialCredit(credit),
        pausesAtBarriers(pausesAtBarriers),
        credit(credit),
        connection_(std::move(connection)) {}
  void onDataAvailable() override;
  void onFailure(const Status& reason) override;

  const std::uint32_t id;
  const std::uint32_t initialCredit;
  const bool pausesAtBarriers;
  std::uint32_t credit;
  std::uint32_t nextSequence = 0;
  std::shared_ptr<SubpartitionView> view;  ///< null until the partition is there
  bool hasData = false;
  bool queued = false;  ///< in the connection's ready queue
  bool backlogAnnounced = false;
  bool paused = false;  ///< sent a barrier and waits for the consumer to go on
  bool closed = false;

 private:
  const std::weak_ptr<ServerConnection> connection_;
};

/// The producer's end of a consumer worker's connection: sends the requested subpartitions, one
/// buffer per channel in turn, as far as the consumer's credit goes; many buffers per write.
/// Thread: start, close and what channels call from any thread; the rest on io threads.
/// Lifetime: kept alive by the transport's handlers and the environment until closed.
class ServerConnection final : public std::enable_shared_from_this<ServerConnection>,
                               private FrameSink {
 public:
  /// Bounds of one connection.
  static constexpr std::size_t kMaxChannels = 1 << 16;
  static constexpr std::size_t kMaxBuffersPerWrite = 32;
  /// Error and backlog frames that wait for the socket. Nothing more is read from a peer that does
  /// not take them: what it sends only makes more.
  static constexpr std::size_t kMaxControlBytes = 1 << 20;

  ServerConnection(std::unique_ptr<StreamConnection> connection, std::uint32_t segmentBytes,
                   std::shared_ptr<PartitionRegistry> registry, StreamTransport& transport,
                   std::function<void()> onClosed);

  void start();
  /// Ends the connection: what its channels have not taken is dropped by their partitions.
  void close();

  // From channels.
  void onChannelData(const std::shared_ptr<ServerChannel>& channel);
  void onChannelFailure(const std::shared_ptr<ServerChannel>& channel);

 private:
  /// A frame on its way out.
  struct Outgoing {
    /// The header, with what every event of its kind has behind it.
    std::array<std::byte, kFrameHeaderBytes + kMaxEventBytes> head;
    std::size_t headSize = kFrameHeaderBytes;
    std::string eventPayload;
    Buffer buffer;
  };

  void read();
  /// False when reading has to wait until control frames have left.
  [[nodiscard]] bool mayRead();
  void write();
  void collect() FLINK_REQUIRES(mutex_);
  /// Takes one buffer or event of `channel` into the batch.
  void collectFrom(const std::shared_ptr<ServerChannel>& channel) FLINK_REQUIRES(mutex_);
  void markReady(const std::shared_ptr<ServerChannel>& channel) FLINK_REQUIRES(mutex_);
  /// True when the caller has to post write().
  [[nodiscard]] bool claimWrite() FLINK_REQUIRES(mutex_);
  void postWrite();
  void fail(const Status& reason);

  // FrameSink
  Result<Buffer> onBufferStart(const FrameHeader& header) override;
  Status onBufferComplete(const FrameHeader& header, Buffer buffer) override;
  Status onFrame(const FrameHeader& header, ByteView payload) override;
  Status onRequest(const FrameHeader& header, ByteView payload);
  void onView(const std::shared_ptr<ServerChannel>& channel,
              Result<std::shared_ptr<SubpartitionView>> view);
  Status onCredit(const FrameHeader& header);
  Status onResume(const FrameHeader& header);
  void onCloseChannel(std::uint32_t id);

  const std::unique_ptr<StreamConnection> connection_;
  const std::shared_ptr<PartitionRegistry> registry_;
  StreamTransport& transport_;
  const std::function<void()> onClosed_;
  FrameReader reader_;

  // The write under way.
  std::vector<Outgoing> batch_;
  Bytes controlBeingWritten_;
  std::vector<ByteView> parts_;

  Mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<ServerChannel>> channels_ FLINK_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<ServerChannel>> ready_ FLINK_GUARDED_BY(mutex_);
  Bytes control_ FLINK_GUARDED_BY(mutex_);  ///< error and backlog frames
  /// Views of ended channels, released outside the lock.
  std::vector<std::shared_ptr<SubpartitionView>> ended_ FLINK_GUARDED_BY(mutex_);
  bool writing_ FLINK_GUARDED_BY(mutex_) = false;
  bool readWaits_ FLINK_GUARDED_BY(mutex_) = false;
  bool closed_ FLINK_GUARDED_BY(mutex_) = false;
};

}  // namespace flink::network
