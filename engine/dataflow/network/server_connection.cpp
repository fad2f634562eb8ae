#include "dataflow/network/server_connection.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/error_codes.h"
#include "core/base/log.h"

namespace flink::network {
namespace {
Logger kLog{"flink.network"};
/// Requests and credits are small.
constexpr std::size_t kStagingBytes = 16 << 10;
}  // namespace

void ServerChannel::onDataAvailable() {
  if (const auto connection = connection_.lock()) connection->onChannelData(shared_from_this());
}

void ServerChannel::onFailure(const Status& /*reason*/) {
  if (const auto connection = connection_.lock()) connection->onChannelFailure(shared_from_this());
}

ServerConnection::ServerConnection(std::unique_ptr<StreamConnection> connection,
                                   std::uint32_t segmentBytes,
                                   std::shared_ptr<PartitionRegistry> registry,
                                   StreamTransport& transport, std::function<void()> onClosed)
    : connection_(std::move(connection)),
      registry_(std::move(registry)),
      transport_(transport),
      onClosed_(std::move(onClosed)),
      reader_(FrameReaderSide::kProducer, segmentBytes, kStagingBytes, *this) {}

void ServerConnection::start() {
  transport_.post([self = shared_from_this()] { self->read(); });
}

bool ServerConnection::mayRead() {
  MutexLock lock(mutex_);
  readWaits_ = !closed_ && control_.size() > kMaxControlBytes;
  return !closed_ && !readWaits_;
}

void ServerConnection::read() {
  if (!mayRead()) return;
  connection_->readSome(reader_.target(), [self = shared_from_this()](Result<std::size_t> size) {
    if (!size.isOk()) {
      self->close();
      return;
    }
    if (Status parsed = self->reader_.onRead(size.value()); !parsed.isOk()) {
      self->fail(parsed);
      return;
    }
    self->read();
  });
}

void ServerConnection::fail(const Status& reason) {
  FLINK_WARN(kLog, "closing a data connection: peer={} error={}", connection_->peerName(),
             reason.toString());
  close();
}

void ServerConnection::close() {
  std::map<std::uint32_t, std::shared_ptr<ServerChannel>> channels;
  std::vector<std::shared_ptr<SubpartitionView>> views;
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    closed_ = true;
    channels.swap(channels_);
    views.swap(ended_);
    ready_.clear();
    for (const auto& [id, channel] : channels) {
      channel->closed = true;
      if (channel->view != nullptr) views.push_back(std::move(channel->view));
    }
  }
  connection_->close();
  for (const auto& view : views) view->release();
  onClosed_();
}

void ServerConnection::onChannelData(const std::shared_ptr<ServerChannel>& channel) {
  {
    MutexLock lock(mutex_);
    if (closed_ || channel->closed) return;
    channel->hasData = true;
    markReady(channel);
    if (!claimWrite()) return;
  }
  postWrite();
}

void ServerConnection::onChannelFailure(const std::shared_ptr<ServerChannel>& channel) {
  {
    MutexLock lock(mutex_);
    channel->paused = false;  // what it has to say now does not wait
  }
  onChannelData(channel);
}

void ServerConnection::markReady(const std::shared_ptr<ServerChannel>& channel) {
  if (channel->queued || channel->paused || channel->view == nullptr) return;
  channel->queued = true;
  ready_.push_back(channel);
}

bool ServerConnection::claimWrite() {
  return !std::exchange(writing_, true);
}

void ServerConnection::postWrite() {
  transport_.post([self = shared_from_this()] { self->write(); });
}

void ServerConnection::write() {
  std::vector<std::shared_ptr<SubpartitionView>> ended;
  bool nothing = false;
  bool resumeReading = false;
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    collect();
    controlBeingWritten_.swap(control_);
    resumeReading = std::exchange(readWaits_, false);
    ended.swap(ended_);
    nothing = batch_.empty() && controlBeingWritten_.empty();
    writing_ = !nothing;
  }
  for (const auto& view : ended) view->release();
  if (resumeReading) start();
  if (nothing) return;
  parts_.clear();
  for (const Outgoing& out : batch_) {
    parts_.emplace_back(out.head.data(), out.headSize);
    if (!out.eventPayload.empty()) parts_.push_back(asBytes(out.eventPayload));
    if (out.buffer.size > 0) parts_.push_back(out.buffer.bytes());
  }
  if (!controlBeingWritten_.empty()) parts_.push_back(asBytes(controlBeingWritten_));
  connection_->write(parts_, [self = shared_from_this()](Status written) {
    self->batch_.clear();
    self->controlBeingWritten_.clear();
    if (written.isOk()) {
      self->write();
    } else {
      self->close();
    }
  });
}

void ServerConnection::collect() {
  while (batch_.size() < kMaxBuffersPerWrite && !ready_.empty()) {
    const std::shared_ptr<ServerChannel> channel = std::move(ready_.front());
    ready_.pop_front();
    channel->queued = false;
    if (!channel->closed) collectFrom(channel);
  }
}

void ServerConnection::collectFrom(const std::shared_ptr<ServerChannel>& channel) {
  Taken taken;
  const TakeResult result = channel->view->take(taken, channel->credit == 0);
  channel->hasData = taken.more;
  if (result == TakeResult::kFailed) {
    control_ += encodeErrorFrame(channel->id, taken.failure);
  } else if (result == TakeResult::kNothing) {
    if (taken.more && channel->initialCredit == 0 &&
        !std::exchange(channel->backlogAnnounced, true)) {
      control_ += encodeBareFrame(FrameType::kBacklog, channel->id,
                                  static_cast<std::uint32_t>(taken.backlog));
    }
    return;
  } else {
    Outgoing& out = batch_.emplace_back();
    FrameHeader header;
    header.channel = channel->id;
    header.sequence = channel->nextSequence++;
    if (taken.event.has_value()) {
      const std::size_t size =
          encodeEventPayload(*taken.event, out.head.data() + kFrameHeaderBytes);
      out.headSize += size;
      out.eventPayload = taken.event->payload;
      header.type = FrameType::kEvent;
      header.length = static_cast<std::uint32_t>(size + out.eventPayload.size());
      header.value = static_cast<std::uint32_t>(taken.event->type);
    } else {
      --channel->credit;
      header.type = FrameType::kBuffer;
      header.length = taken.buffer.size;
      header.flags = taken.buffer.flags;
      header.value = static_cast<std::uint32_t>(taken.backlog);
    }
    encodeFrameHeader(header, out.head.data());
    out.buffer = std::move(taken.buffer);
  }
  if (channel->pausesAtBarriers && taken.event.has_value() &&
      taken.event->type == ChannelEvent::Type::kCheckpointBarrier) {
    channel->paused = true;
    channel->credit = 0;
    channel->backlogAnnounced = false;
  }
  if (result == TakeResult::kFailed || taken.endsChannel()) {
    channel->closed = true;
    ended_.push_back(std::move(channel->view));
    channels_.erase(channel->id);
  } else if (taken.more) {
    markReady(channel);
  }
}

Result<Buffer> ServerConnection::onBufferStart(const FrameHeader& header) {
  // Unreachable by decodeFrameHeader for this side; an error all the same.
  return Status(ErrorCode::kCorruptData,
                fmt::format("buffer frame from a consumer: channel={}", header.channel));
}

Status ServerConnection::onBufferComplete(const FrameHeader& header, Buffer /*buffer*/) {
  return Status(ErrorCode::kCorruptData,
                fmt::format("buffer frame from a consumer: channel={}", header.channel));
}

Status ServerConnection::onFrame(const FrameHeader& header, ByteView payload) {
  switch (header.type) {
    case FrameType::kPartitionRequest:
      return onRequest(header, payload);
    case FrameType::kAddCredit:
      return onCredit(header);
    case FrameType::kResumeChannel:
      return onResume(header);
    default:
      onCloseChannel(header.channel);
      return Status::ok();
  }
}

Status ServerConnection::onRequest(const FrameHeader& header, ByteView payload) {
  FLINK_ASSIGN_OR_RETURN(const PartitionRequest request, decodePartitionRequest(header, payload));
  auto channel = std::make_shared<ServerChannel>(header.channel, header.value,
                                                 request.pausesAtBarriers, weak_from_this());
  {
    MutexLock lock(mutex_);
    if (closed_) return Status::ok();
    if (channels_.size() >= kMaxChannels) {
      return Status(ErrorCode::kLimitExceeded,
                    fmt::format("too many channels in one connection: max={}", kMaxChannels));
    }
    if (!channels_.emplace(header.channel, channel).second) {
      return Status(ErrorCode::kCorruptData,
                    fmt::format("channel id in use: channel={}", header.channel));
    }
  }
  registry_->request(
      request.partition, request.subpartition, channel,
      [weak = weak_from_this(), channel](Result<std::shared_ptr<SubpartitionView>> view) {
        if (const auto self = weak.lock()) {
          self->onView(channel, std::move(view));
        } else if (view.isOk()) {
          view.value()->release();
        }
      });
  return Status::ok();
}

void ServerConnection::onView(const std::shared_ptr<ServerChannel>& channel,
                              Result<std::shared_ptr<SubpartitionView>> view) {
  std::shared_ptr<SubpartitionView> unwanted;
  bool post = false;
  {
    MutexLock lock(mutex_);
    if (closed_ || channel->closed) {
      if (view.isOk()) unwanted = std::move(view).value();
    } else if (view.isOk()) {
      channel->view = std::move(view).value();
      channel->hasData = true;
      markReady(channel);
      post = claimWrite();
    } else {
      control_ += encodeErrorFrame(channel->id, view.status());
      channel->closed = true;
      channels_.erase(channel->id);
      post = claimWrite();
    }
  }
  if (unwanted != nullptr) unwanted->release();
  if (post) postWrite();
}

Status ServerConnection::onCredit(const FrameHeader& header) {
  {
    MutexLock lock(mutex_);
    const auto it = channels_.find(header.channel);
    if (it == channels_.end()) return Status::ok();  // ended a moment ago
    ServerChannel& channel = *it->second;
    if (channel.paused) return Status::ok();  // given up since, when the consumer saw the barrier
    if (channel.credit + header.value > kMaxCredit) {
      return Status(ErrorCode::kLimitExceeded,
                    fmt::format("credit out of range: channel={} credit={} max={}", header.channel,
                                channel.credit + header.value, kMaxCredit));
    }
    channel.credit += header.value;
    channel.backlogAnnounced = false;
    if (!channel.hasData) return Status::ok();
    markReady(it->second);
    if (!claimWrite()) return Status::ok();
  }
  postWrite();
  return Status::ok();
}

Status ServerConnection::onResume(const FrameHeader& header) {
  {
    MutexLock lock(mutex_);
    const auto it = channels_.find(header.channel);
    if (it == channels_.end() || !it->second->paused) return Status::ok();  // failed a moment ago
    it->second->paused = false;
    if (!it->second->hasData) return Status::ok();
    markReady(it->second);
    if (!claimWrite()) return Status::ok();
  }
  postWrite();
  return Status::ok();
}

void ServerConnection::onCloseChannel(std::uint32_t id) {
  std::shared_ptr<SubpartitionView> view;
  {
    MutexLock lock(mutex_);
    const auto it = channels_.find(id);
    if (it == channels_.end()) return;
    it->second->closed = true;
    view = std::move(it->second->view);
    channels_.erase(it);
  }
  if (view != nullptr) view->release();
}

}  // namespace flink::network
