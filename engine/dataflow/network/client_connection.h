#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/base/stream_transport.h"
#include "dataflow/network/frame.h"
#include "dataflow/network/frame_reader.h"

namespace flink::network {

class RemoteInputChannel;

struct ClientSettings {
  Bytes hello;
  std::uint32_t segmentBytes = 32 << 10;
  Duration connectTimeout{};
  Duration backoffInitial{};
  Duration backoffMax{};
};

/// The consumer's end of the connection to one producing TaskManager; carries all channels of the
/// job between the two. States: connecting (again and again with growing pauses) → open → closed
/// (no channel left, failure, or stop). Thread: open, addCredit, closeChannel, close from any
/// thread; the rest on io threads. Lifetime: kept alive by its channels and by what the transport
/// still runs for it.
class ClientConnection final : public std::enable_shared_from_this<ClientConnection>,
                               private FrameSink {
 public:
  ClientConnection(std::string host, int port, std::shared_ptr<const ClientSettings> settings,
                   StreamTransport& transport);

  void start();
  /// The new channel's id; nullopt when the connection is closed already.
  std::optional<std::uint32_t> open(std::shared_ptr<RemoteInputChannel> channel,
                                    const PartitionRequest& request, std::uint32_t credit);
  void addCredit(std::uint32_t channel, std::uint32_t credit);
  /// Tells the producer; after the last one the connection closes.
  void resumeChannel(std::uint32_t channel);
  void closeChannel(std::uint32_t channel);
  /// Ends the connection; its channels fail with `reason`.
  void close(Status reason);

 private:
  void connect();
  void onConnected(Result<std::unique_ptr<StreamConnection>> result);
  void enqueue(const Bytes& frame);
  void write();
  void read();

  // FrameSink
  Result<Buffer> onBufferStart(const FrameHeader& header) override;
  Status onBufferComplete(const FrameHeader& header, Buffer buffer) override;
  Status onFrame(const FrameHeader& header, ByteView payload) override;

  std::shared_ptr<RemoteInputChannel> find(std::uint32_t channel);
  [[nodiscard]] std::string address() const { return host_ + ":" + std::to_string(port_); }

  const std::string host_;
  const int port_;
  const std::shared_ptr<const ClientSettings> settings_;
  StreamTransport& transport_;
  Duration nextBackoff_;
  FrameReader reader_;
  std::shared_ptr<RemoteInputChannel> receiving_;  ///< of the buffer frame under way
  Bytes beingWritten_;

  Mutex mutex_;
  std::unique_ptr<StreamConnection> connection_ FLINK_GUARDED_BY(mutex_);  ///< set once
  Bytes outgoing_ FLINK_GUARDED_BY(mutex_);
  bool writing_ FLINK_GUARDED_BY(mutex_) = false;  ///< a write is posted or under way
  bool closed_ FLINK_GUARDED_BY(mutex_) = false;
  std::uint32_t nextChannel_ FLINK_GUARDED_BY(mutex_) = 1;
  std::map<std::uint32_t, std::shared_ptr<RemoteInputChannel>> channels_ FLINK_GUARDED_BY(mutex_);
};

/// One connection per producing TaskManager, opened when its first channel starts.
/// Thread: any.
class ConnectionManager {
 public:
  ConnectionManager(ClientSettings settings, StreamTransport& transport)
      : settings_(std::make_shared<const ClientSettings>(std::move(settings))),
        transport_(transport) {}

  struct Opened {
    std::shared_ptr<ClientConnection> connection;
    std::uint32_t channel = 0;
  };
  /// Errors: kUnavailable after stop().
  Result<Opened> open(const std::string& host, int port,
                      std::shared_ptr<RemoteInputChannel> channel, const PartitionRequest& request,
                      std::uint32_t credit);
  void stop(const Status& reason);

 private:
  const std::shared_ptr<const ClientSettings> settings_;
  StreamTransport& transport_;
  Mutex mutex_;
  std::map<std::pair<std::string, int>, std::weak_ptr<ClientConnection>> connections_
      FLINK_GUARDED_BY(mutex_);
  Status stopped_ FLINK_GUARDED_BY(mutex_);
};

}  // namespace flink::network
