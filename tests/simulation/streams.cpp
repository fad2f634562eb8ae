#include "tests/simulation/streams.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <set>
#include <utility>

#include "core/base/check.h"
#include "core/base/error_codes.h"

namespace flink::simulation {

/// One end of a connection. What its owner is told comes on its lane.
class StreamEnd : public std::enable_shared_from_this<StreamEnd> {
 public:
  StreamEnd(StreamNetwork& network, std::shared_ptr<Lane> lane)
      : network_(network), lane_(std::move(lane)), wire_(network.kernel_.makeLane(network.wire_)) {}

  void connectTo(std::weak_ptr<StreamEnd> peer) { peer_ = std::move(peer); }
  [[nodiscard]] const ProcessRef& process() const { return lane_->process(); }
  [[nodiscard]] std::shared_ptr<StreamEnd> peer() const { return peer_.lock(); }
  /// From now on another process's.
  void moveTo(std::shared_ptr<Lane> lane) { lane_ = std::move(lane); }

  void read(MutableByteView dst, bool all, std::function<void(Result<std::size_t>)> done) {
    reading_ = Reading{dst, all, std::move(done)};
    pumpLater();
  }
  void write(std::span<const ByteView> parts, StreamConnection::Done done) {
    const auto to = peer_.lock();
    if (closed_ || to == nullptr || to->closed_) return answerWrite(std::move(done), lost());
    if (network_.kernel_.chance(network_.faults_.breakConnection)) {
      answerWrite(std::move(done), lost());
      to->close();
      return close();
    }
    Bytes bytes;
    for (const ByteView part : parts) bytes.append(asText(part));
    to->underWay_ += bytes.size();
    writing_ = std::move(done);
    const std::size_t cut = network_.kernel_.below(bytes.size() + 1);
    for (Bytes piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
      to->wire_->postAfter(network_.kernel_.upTo(network_.faults_.longestDelay),
                           [to, piece = std::move(piece)] { to->arrive(piece); });
    }
    to->tellWriter();
  }
  void close() {
    if (std::exchange(closed_, true)) return;
    if (reading_) pumpLater();
    if (writing_) answerWrite(std::exchange(writing_, nullptr), lost());
    const auto to = peer_.lock();
    if (to == nullptr) return;
    to->wire_->postAfter(network_.kernel_.upTo(network_.faults_.longestDelay), [to] {
      to->ended_ = true;
      to->pumpLater();
      if (to->writing_) to->answerWrite(std::exchange(to->writing_, nullptr), to->lost());
    });
  }

 private:
  struct Reading {
    MutableByteView dst;
    bool all;
    std::function<void(Result<std::size_t>)> done;
  };

  [[nodiscard]] Status lost() const {
    return {ErrorCode::kConnectionLost, "the simulated connection is closed"};
  }
  void answerWrite(StreamConnection::Done done, Status status) {
    lane_->post([self = shared_from_this(), done = std::move(done), status = std::move(status)] {
      done(status);
    });
  }
  void arrive(const Bytes& piece) {
    if (closed_) return;
    received_.append(piece);
    pumpLater();
  }
  void pumpLater() {
    lane_->post([self = shared_from_this()] { self->pump(); });
  }
  void pump() {
    if (!reading_) return;
    const std::size_t wanted = reading_->all ? reading_->dst.size() : 1;
    const bool enough = received_.size() >= wanted;
    if (!enough && !closed_ && !ended_) return;
    const Reading reading = std::move(*reading_);
    reading_.reset();
    if (!enough || closed_) return reading.done(lost());
    const std::size_t size = std::min(received_.size(), reading.dst.size());
    std::memcpy(reading.dst.data(), received_.data(), size);
    received_.erase(0, size);
    underWay_ -= size;
    tellWriter();
    reading.done(size);
  }
  /// The writer may go on when there is room again.
  void tellWriter() {
    const auto from = peer_.lock();
    if (from == nullptr || !from->writing_ || underWay_ > network_.faults_.capacity) return;
    from->answerWrite(std::exchange(from->writing_, nullptr), Status::ok());
  }

  StreamNetwork& network_;
  std::shared_ptr<Lane> lane_;
  const std::shared_ptr<Lane> wire_;  // what is on its way to this end
  std::weak_ptr<StreamEnd> peer_;
  Bytes received_;
  std::size_t underWay_ = 0;  // to this end, and not read
  std::optional<Reading> reading_;
  StreamConnection::Done writing_;
  bool closed_ = false, ended_ = false;
};

namespace {

class SimulatedConnection final : public StreamConnection {
 public:
  explicit SimulatedConnection(std::shared_ptr<StreamEnd> end) : end_(std::move(end)) {}
  ~SimulatedConnection() override { end_->close(); }
  void read(MutableByteView dst, Done done) override {
    end_->read(dst, true, [done = std::move(done)](const auto& size) {
      done(size.isOk() ? Status::ok() : size.status());
    });
  }
  void readSome(MutableByteView dst, std::function<void(Result<std::size_t>)> done) override {
    end_->read(dst, false, std::move(done));
  }
  void write(std::span<const ByteView> parts, Done done) override {
    end_->write(parts, std::move(done));
  }
  void close() override { end_->close(); }
  [[nodiscard]] std::string peerName() const override { return "simulated"; }

 private:
  const std::shared_ptr<StreamEnd> end_;
};

}  // namespace

/// Reads the hello of each connection and hands it over.
class StreamNetwork::Port final : public taskmanager::DataPort {
 public:
  Port(StreamNetwork& network, std::shared_ptr<Lane> lane, int port, Handler handler)
      : network_(network), lane_(std::move(lane)), port_(port), handler_(std::move(handler)) {
    network_.ports_[port_] = this;
  }
  ~Port() override { close(); }
  [[nodiscard]] int port() const override { return port_; }
  void stop() override { close(); }
  [[nodiscard]] const std::shared_ptr<Lane>& lane() const { return lane_; }

  void accept(const std::shared_ptr<StreamEnd>& end) {
    auto head = std::make_shared<std::array<std::byte, protocol::kDataHelloHeadBytes>>();
    end->read(*head, true, [this, end, head](const auto& size) {
      auto hello = std::make_shared<protocol::DataHello>();
      if (!size) return end->close();
      const auto nameBytes = protocol::decodeDataHelloHead(*head, *hello);
      if (!nameBytes) return end->close();
      hello->consumer.resize(*nameBytes);
      end->read(std::as_writable_bytes(std::span(hello->consumer)), true,
                [this, end, hello](const auto& read) {
                  if (!read || closed_) return end->close();
                  handler_({*hello, network_.deposit(end), "simulated"});
                });
    });
  }

 private:
  void close() {
    if (std::exchange(closed_, true)) return;
    network_.ports_.erase(port_);
    lane_->close();
  }

  StreamNetwork& network_;
  const std::shared_ptr<Lane> lane_;
  const int port_;
  const Handler handler_;
  bool closed_ = false;
};

class StreamNetwork::Transport final : public StreamTransport {
 public:
  Transport(StreamNetwork& network, const ProcessRef& process)
      : network_(network), process_(process), lane_(network.kernel_.makeLane(process)) {}
  ~Transport() override { stopAll(); }

  void connect(const std::string&, int port, Duration, Connected done) override {
    auto lane = makeLane();
    if (lane == nullptr) return;
    lane->postAfter(
        network_.kernel_.upTo(network_.faults_.longestDelay),
        [this, lane, port, done = std::move(done)] { network_.connect(lane, port, done); });
  }
  Result<std::unique_ptr<StreamConnection>> adopt(int fd) override {
    auto end = network_.withdraw(fd);
    const OwnedFd descriptor(fd);
    if (end == nullptr)
      return Status(ErrorCode::kConnectionLost, "no connection waits under this descriptor");
    if (auto lane = makeLane()) end->moveTo(std::move(lane));
    return std::unique_ptr<StreamConnection>(std::make_unique<SimulatedConnection>(end));
  }
  void post(std::function<void()> fn) override { lane_->post(std::move(fn)); }
  void schedule(Duration after, std::function<void()> fn) override {
    network_.kernel_.schedule(lane_, after, std::move(fn));
  }
  void stop() override { stopAll(); }

 private:
  std::shared_ptr<Lane> makeLane() {
    if (stopped_) return nullptr;
    auto lane = network_.kernel_.makeLane(process_);
    std::erase_if(lanes_, [](const auto& old) { return old.expired(); });
    lanes_.push_back(lane);
    return lane;
  }
  void stopAll() {
    if (std::exchange(stopped_, true)) return;
    lane_->closeAndWait();
    for (const auto& weak : lanes_) {
      if (const auto lane = weak.lock()) lane->closeAndWait();
    }
  }

  StreamNetwork& network_;
  const ProcessRef process_;
  const std::shared_ptr<Lane> lane_;
  std::vector<std::weak_ptr<Lane>> lanes_;
  bool stopped_ = false;
};

StreamNetwork::StreamNetwork(Kernel& kernel, const StreamFaults& faults)
    : kernel_(kernel), faults_(faults) {}

StreamNetwork::~StreamNetwork() = default;

std::unique_ptr<StreamTransport> StreamNetwork::makeTransport(const ProcessRef& process) {
  return std::make_unique<Transport>(*this, process);
}

std::unique_ptr<taskmanager::DataPort> StreamNetwork::listen(
    const ProcessRef& process, taskmanager::DataPort::Handler handler) {
  return std::make_unique<Port>(*this, kernel_.makeLane(process), nextPort_++, std::move(handler));
}

bool StreamNetwork::apart(int host, int other) const {
  return partitioned_.contains({std::min(host, other), std::max(host, other)});
}

void StreamNetwork::connect(const std::shared_ptr<Lane>& lane, int port, const Connected& done) {
  closeDropped();
  const auto found = ports_.find(port);
  if (found == ports_.end() || !lane->process()->alive ||
      !found->second->lane()->process()->alive ||
      apart(lane->process()->host, found->second->lane()->process()->host))
    return done(Status(ErrorCode::kConnectionLost, "nobody listens on the simulated port"));
  const auto client = std::make_shared<StreamEnd>(*this, lane);
  const auto server = std::make_shared<StreamEnd>(*this, found->second->lane());
  client->connectTo(server);
  server->connectTo(client);
  std::erase_if(ends_, [](const auto& end) { return end.expired(); });
  ends_.push_back(client);
  ends_.push_back(server);
  found->second->accept(server);
  done(std::unique_ptr<StreamConnection>(std::make_unique<SimulatedConnection>(client)));
}

void StreamNetwork::processEnded(const Process& process) {
  for (const auto& weak : std::vector(ends_)) {
    const auto end = weak.lock();
    if (end != nullptr && end->process().get() == &process) end->close();
  }
}

void StreamNetwork::partition(int host, int other) {
  partitioned_.insert_or_assign({std::min(host, other), std::max(host, other)}, true);
  for (const auto& weak : std::vector(ends_)) {
    const auto end = weak.lock();
    if (end == nullptr || end->peer() == nullptr) continue;
    if (apart(end->process()->host, end->peer()->process()->host)) end->close();
  }
}

OwnedFd StreamNetwork::deposit(std::shared_ptr<StreamEnd> end) {
  closeDropped();
  std::array<int, 2> ends{};
  FLINK_CHECK(::pipe(ends.data()) == 0, "no descriptors left");
  deposits_[ends[1]] = {OwnedFd(ends[0]), std::move(end)};
  return OwnedFd(ends[1]);
}

std::shared_ptr<StreamEnd> StreamNetwork::withdraw(int descriptor) {
  const auto found = deposits_.find(descriptor);
  if (found == deposits_.end()) return nullptr;
  auto end = std::move(found->second.end);
  deposits_.erase(found);
  return end;
}

void StreamNetwork::closeDropped() {
  for (auto entry = deposits_.begin(); entry != deposits_.end();) {
    pollfd polled{entry->second.watch.get(), POLLIN, 0};
    if (::poll(&polled, 1, 0) > 0 && (polled.revents & POLLHUP) != 0) {
      entry->second.end->close();
      entry = deposits_.erase(entry);
    } else {
      ++entry;
    }
  }
}

}  // namespace flink::simulation
