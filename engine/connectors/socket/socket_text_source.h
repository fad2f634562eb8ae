#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/process.h"
#include "dataflow/operators/source_function.h"

namespace flink::connectors {

/// Reads text from a TCP server and cuts it at a delimiter. Ends when the server closes the
/// connection and the retries are used up; a negative number of retries never ends. With the
/// delimiter "\n" a "\r" before it is dropped too.
/// Thread: run() on the source's own thread, cancel() from any.
class SocketTextSource final : public SourceFunction<std::string> {
 public:
  SocketTextSource(std::string host, std::int32_t port, std::string delimiter,
                   std::int64_t maxRetries);
  void run(SourceContext<std::string>& context) override;
  void cancel() override;

 private:
  /// Wakes a waiting run(). A copy is a signal of its own: every attempt can be cancelled once.
  class CancelSignal {
   public:
    CancelSignal();
    CancelSignal(const CancelSignal& /*other*/) : CancelSignal() {}
    CancelSignal& operator=(const CancelSignal&) = delete;
    void raise();
    [[nodiscard]] int descriptor() const { return event_.get(); }

   private:
    OwnedFd event_;
  };

  enum class Wait : std::uint8_t { kReady, kCancelled, kTimeout };
  /// Waits for `events` of a socket (-1: for nothing but cancellation).
  Wait waitFor(int socket, short events, int timeoutMs) const;
  OwnedFd connectTo() const;
  /// False when cancelled.
  bool readAll(int socket, SourceContext<std::string>& context);
  /// `searched`: how much of pending_ is known to hold no delimiter.
  void emitComplete(std::size_t searched, SourceContext<std::string>& context);

  std::string host_;
  std::int32_t port_;
  std::string delimiter_;
  std::int64_t maxRetries_;
  CancelSignal cancelled_;
  std::string pending_;
};

}  // namespace flink::connectors
