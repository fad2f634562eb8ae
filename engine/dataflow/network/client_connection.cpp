#include "dataflow/network/client_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "dataflow/network/remote_input_channel.h"

namespace flink::network {
namespace {
Logger kLog{"flink.network"};
constexpr std::size_t kStagingBytes = 64 << 10;
}  // namespace

ClientConnection::ClientConnection(std::string host, int port,
                                   std::shared_ptr<const ClientSettings> settings,
                                   StreamTransport& transport)
    : host_(std::move(host)),
      port_(port),
      settings_(std::move(settings)),
      transport_(transport),
      nextBackoff_(settings_->backoffInitial),
      reader_(FrameReaderSide::kConsumer, settings_->segmentBytes, kStagingBytes, *this),
      outgoing_(settings_->hello) {}

void ClientConnection::start() {
  connect();
}

void ClientConnection::connect() {
  transport_.connect(host_, port_, settings_->connectTimeout,
                     [self = shared_from_this()](Result<std::unique_ptr<StreamConnection>> result) {
                       self->onConnected(std::move(result));
                     });
}

void ClientConnection::onConnected(Result<std::unique_ptr<StreamConnection>> result) {
  if (!result.isOk()) {
    bool wanted = false;
    {
      MutexLock lock(mutex_);
      wanted = !channels_.empty();
    }
    if (!wanted || nextBackoff_ > settings_->backoffMax) {
      close(
          Status(ErrorCode::kConnectionLost,
                 fmt::format("cannot connect to the producing TaskManager: address={}", address()))
              .causedBy(std::move(result).status()));
      return;
    }
    FLINK_INFO(kLog, "connecting again: address={} error={}", address(), result.status().message());
    transport_.schedule(nextBackoff_, [self = shared_from_this()] {
      {
        MutexLock lock(self->mutex_);
        if (self->closed_) return;
      }
      self->connect();
    });
    nextBackoff_ = nextBackoff_ < settings_->backoffMax
                       ? std::min(nextBackoff_ * 2, settings_->backoffMax)
                       : settings_->backoffMax + Duration(1);
    return;
  }
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    connection_ = std::move(result).value();
    writing_ = true;
  }
  write();
  read();
}

std::optional<std::uint32_t> ClientConnection::open(std::shared_ptr<RemoteInputChannel> channel,
                                                    const PartitionRequest& request,
                                                    std::uint32_t credit) {
  std::uint32_t id = 0;
  Bytes frame;
  {
    MutexLock lock(mutex_);
    if (closed_) return std::nullopt;
    id = nextChannel_++;
    channels_.emplace(id, std::move(channel));
  }
  enqueue(encodePartitionRequest(id, credit, request));
  return id;
}

void ClientConnection::addCredit(std::uint32_t channel, std::uint32_t credit) {
  enqueue(encodeBareFrame(FrameType::kAddCredit, channel, credit));
}

void ClientConnection::resumeChannel(std::uint32_t channel) {
  enqueue(encodeBareFrame(FrameType::kResumeChannel, channel, 0));
}

void ClientConnection::closeChannel(std::uint32_t channel) {
  std::shared_ptr<RemoteInputChannel> removed;  // destroyed after the lock
  {
    MutexLock lock(mutex_);
    const auto it = channels_.find(channel);
    if (it == channels_.end()) return;
    removed = std::move(it->second);
    channels_.erase(it);
  }
  // Even the last channel says so: the producer has to learn that nobody wants the rest. The
  // connection closes when this is written.
  enqueue(encodeBareFrame(FrameType::kCloseChannel, channel, 0));
}

void ClientConnection::close(Status reason) {
  std::map<std::uint32_t, std::shared_ptr<RemoteInputChannel>> channels;
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    closed_ = true;
    channels.swap(channels_);
    if (connection_ != nullptr) connection_->close();
  }
  for (const auto& [id, channel] : channels) channel->onFailure(reason);
}

void ClientConnection::enqueue(const Bytes& frame) {
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    outgoing_ += frame;
    if (writing_ || connection_ == nullptr) return;
    writing_ = true;
  }
  transport_.post([self = shared_from_this()] { self->write(); });
}

void ClientConnection::write() {
  StreamConnection* connection = nullptr;
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    if (outgoing_.empty()) {
      writing_ = false;
      if (channels_.empty()) {
        closed_ = true;
        connection_->close();
      }
      return;
    }
    beingWritten_.swap(outgoing_);
    connection = connection_.get();
  }
  const ByteView part = asBytes(beingWritten_);
  connection->write({&part, 1}, [self = shared_from_this()](Status written) {
    self->beingWritten_.clear();
    if (!written.isOk()) {
      self->close(Status(ErrorCode::kConnectionLost,
                         fmt::format("connection to the producing TaskManager broke: address={}",
                                     self->address()))
                      .causedBy(std::move(written)));
      return;
    }
    self->write();
  });
}

void ClientConnection::read() {
  StreamConnection* connection = nullptr;
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    connection = connection_.get();
  }
  connection->readSome(reader_.target(), [self = shared_from_this()](Result<std::size_t> size) {
    if (!size.isOk()) {
      self->close(Status(ErrorCode::kConnectionLost,
                         fmt::format("connection to the producing TaskManager broke: address={}",
                                     self->address()))
                      .causedBy(std::move(size).status()));
      return;
    }
    if (Status parsed = self->reader_.onRead(size.value()); !parsed.isOk()) {
      self->close(std::move(parsed));
      return;
    }
    self->read();
  });
}

std::shared_ptr<RemoteInputChannel> ClientConnection::find(std::uint32_t channel) {
  MutexLock lock(mutex_);
  const auto it = channels_.find(channel);
  return it == channels_.end() ? nullptr : it->second;
}

Result<Buffer> ClientConnection::onBufferStart(const FrameHeader& header) {
  receiving_ = find(header.channel);
  if (receiving_ == nullptr) return Buffer();  // closed a moment ago
  return receiving_->prepareBuffer(header);
}

Status ClientConnection::onBufferComplete(const FrameHeader& header, Buffer buffer) {
  const auto channel = std::move(receiving_);
  channel->onBuffer(std::move(buffer), header.value);
  return Status::ok();
}

Status ClientConnection::onFrame(const FrameHeader& header, ByteView payload) {
  const auto channel = find(header.channel);
  if (channel == nullptr) return Status::ok();
  switch (header.type) {
    case FrameType::kEvent:
      return channel->onEvent(header, payload);
    case FrameType::kBacklog:
      channel->onBacklog(header.value);
      return Status::ok();
    default:
      channel->onFailure(decodeError(payload));
      return Status::ok();
  }
}

Result<ConnectionManager::Opened> ConnectionManager::open(
    const std::string& host, int port, std::shared_ptr<RemoteInputChannel> channel,
    const PartitionRequest& request, std::uint32_t credit) {
  std::shared_ptr<ClientConnection> connection;
  std::optional<std::uint32_t> id;
  bool fresh = false;
  {
    MutexLock lock(mutex_);
    if (!stopped_.isOk()) return stopped_;
    std::weak_ptr<ClientConnection>& slot = connections_[{host, port}];
    connection = slot.lock();
    if (connection != nullptr) id = connection->open(channel, request, credit);
    if (!id.has_value()) {
      connection = std::make_shared<ClientConnection>(host, port, settings_, transport_);
      id = connection->open(std::move(channel), request, credit);
      slot = connection;
      fresh = true;
    }
  }
  if (fresh) connection->start();
  return Opened{std::move(connection), *id};
}

void ConnectionManager::stop(const Status& reason) {
  std::vector<std::shared_ptr<ClientConnection>> open;
  {
    MutexLock lock(mutex_);
    stopped_ = reason;
    for (const auto& [address, weak] : connections_) {
      if (auto connection = weak.lock()) open.push_back(std::move(connection));
    }
  }
  for (const auto& connection : open) connection->close(reason);
}

}  // namespace flink::network
