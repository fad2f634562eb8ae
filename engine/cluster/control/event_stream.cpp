#include "cluster/control/event_stream.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <thread>
#include <utility>

#include "cluster/control/probe.h"
#include "cluster/control/zmq_socket.h"
#include "cluster/protocol/codec.h"
#include "core/base/mutex.h"
#include "core/base/process.h"

namespace flink::control {
namespace {

/// Events that wait for the publisher's thread; the oldest go first.
constexpr std::size_t kMaxWaitingEvents = 10'000;

Bytes frameOf(const protocol::ClusterEvent& event) {
  protocol::Envelope envelope;
  envelope.kind = protocol::EnvelopeKind::kEvent;
  envelope.epoch = event.epoch;
  envelope.body = protocol::encode(event);
  return protocol::encodeEnvelope(envelope);
}

/// Owns the socket's thread, which also greets new followers: ZeroMQ looks at subscriptions only
/// while it is called.
class ZmqEventPublisher final : public EventPublisher {
 public:
  ZmqEventPublisher()
      : socket_(context_, ZmqSocket::Kind::kXpub), wakeUp_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    FLINK_CHECK(wakeUp_.valid(), "no descriptor left for the event stream");
  }
  ~ZmqEventPublisher() override {
    if (!thread_.joinable()) return;
    {
      const MutexLock lock(mutex_);
      stopped_ = true;
    }
    wake();
    thread_.join();
  }

  Status start(const std::string& endpoint) {
    FLINK_ASSIGN_OR_RETURN(port_, socket_.bind(endpoint));
    thread_ = std::thread([this] { run(); });
    return Status::ok();
  }
  [[nodiscard]] int port() const override { return port_; }

  void publish(protocol::ClusterEvent event) override {
    const MutexLock lock(mutex_);
    event.sequence = ++sequence_;
    waiting_.push_back(std::move(event));
    if (waiting_.size() > kMaxWaitingEvents) waiting_.pop_front();
    if (waiting_.size() == 1) wake();
  }

 private:
  void wake() {
    const std::uint64_t one = 1;
    if (write(wakeUp_.get(), &one, sizeof one) < 0)
      FLINK_DEBUG(kTransportLog, "wake-up pending already");
  }
  /// Tells a new follower, and again those there are, from where on nothing is missed.
  void greet() {
    protocol::ClusterEvent opened;
    opened.sequence = lastSent_;
    opened.kind = kStreamOpened;
    socket_.send({}, frameOf(opened));
  }
  void run() {
    while (true) {
      std::deque<protocol::ClusterEvent> events;
      bool last = false;
      {
        const MutexLock lock(mutex_);
        last = stopped_;
        events.swap(waiting_);
      }
      for (const auto& event : events) {
        socket_.send({}, frameOf(event));
        lastSent_ = event.sequence;
      }
      if (last) return;
      while (const auto message = socket_.receive()) {
        if (message->body.starts_with('\1')) greet();  // a subscription; \0 ends one
      }
      std::array<PollItem, 2> items{{{.socket = &socket_}, {.fd = wakeUp_.get()}}};
      pollSockets(items, -1);
      std::uint64_t count = 0;
      if (items[1].ready && read(wakeUp_.get(), &count, sizeof count) < 0) continue;
    }
  }

  ZmqContext context_;
  ZmqSocket socket_;  ///< the thread's, once it runs
  const OwnedFd wakeUp_;
  std::uint64_t lastSent_ = 0;  ///< the thread's
  int port_ = 0;
  std::thread thread_;

  Mutex mutex_;
  bool stopped_ FLINK_GUARDED_BY(mutex_) = false;
  std::uint64_t sequence_ FLINK_GUARDED_BY(mutex_) = 0;
  std::deque<protocol::ClusterEvent> waiting_ FLINK_GUARDED_BY(mutex_);
};

}  // namespace

Result<std::unique_ptr<EventPublisher>> EventPublisher::bind(const std::string& endpoint) {
  auto publisher = std::make_unique<ZmqEventPublisher>();
  FLINK_RETURN_IF_ERROR(publisher->start(endpoint));
  return std::unique_ptr<EventPublisher>(std::move(publisher));
}

}  // namespace flink::control
