#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/result.h"

namespace flink {

/// An ordered byte connection that may break. Handlers run on the connection's io thread.
/// Thread: all methods on the io thread (StreamTransport::post), except close().
class StreamConnection {
 public:
  using Done = std::function<void(Status)>;
  virtual ~StreamConnection() = default;
  /// Reads exactly dst.size() bytes; one read at a time.
  virtual void read(MutableByteView dst, Done done) = 0;
  /// Reads at least one byte; reports how many.
  virtual void readSome(MutableByteView dst, std::function<void(Result<std::size_t>)> done) = 0;
  /// Writes all parts in order; one write at a time. The bytes stay valid until `done`.
  virtual void write(std::span<const ByteView> parts, Done done) = 0;
  virtual void close() = 0;
  /// host:port of the peer, for messages.
  [[nodiscard]] virtual std::string peerName() const = 0;
};

/// The seam under the data plane. Real: Asio (dataflow/network). Simulated: tests/simulator.
/// Thread: any.
class StreamTransport {
 public:
  virtual ~StreamTransport() = default;
  virtual void connect(const std::string& host, int port, Duration timeout,
                       std::function<void(Result<std::unique_ptr<StreamConnection>>)> done) = 0;
  /// Takes over a connected socket that another process accepted.
  virtual Result<std::unique_ptr<StreamConnection>> adopt(int fd) = 0;
  virtual void post(std::function<void()> fn) = 0;
  virtual void schedule(Duration after, std::function<void()> fn) = 0;
  virtual void stop() = 0;
};

}  // namespace flink
