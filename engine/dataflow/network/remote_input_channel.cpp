#include "dataflow/network/remote_input_channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error_codes.h"

namespace flink::network {

RemoteInputChannel::RemoteInputChannel(int index, ChannelSpec spec, int exclusiveBuffers,
                                       std::shared_ptr<GateQueue> queue,
                                       std::shared_ptr<GateBuffers> buffers,
                                       std::shared_ptr<ConnectionManager> connections)
    : index_(index),
      spec_(std::move(spec)),
      exclusiveBuffers_(exclusiveBuffers),
      queue_(std::move(queue)),
      buffers_(std::move(buffers)),
      connections_(std::move(connections)) {}

void RemoteInputChannel::start() {
  std::uint32_t credit = 0;
  {
    MutexLock lock(mutex_);
    for (int i = 0; i < exclusiveBuffers_; ++i) {
      std::byte* segment = buffers_->acquire(SegmentKind::kExclusive, weak_from_this());
      if (segment == nullptr) continue;
      free_.push_back(segment);
      ++exclusiveHeld_;
    }
    credit = static_cast<std::uint32_t>(free_.size());
  }
  Result<ConnectionManager::Opened> opened =
      connections_->open(spec_.host, spec_.dataPort, shared_from_this(),
                         {spec_.partition, spec_.subpartition, exclusiveBuffers_ == 0}, credit);
  if (!opened.isOk()) {
    onFailure(std::move(opened).status());
    return;
  }
  std::uint32_t late = 0;
  {
    MutexLock lock(mutex_);
    connection_ = std::move(opened->connection);
    id_ = opened->channel;
    requested_ = true;
    late = creditToAnnounce();
  }
  announce(late);
}

TakeResult RemoteInputChannel::take(Taken& out) {
  MutexLock lock(mutex_);
  out.more = false;
  if (received_.empty()) return TakeResult::kNothing;
  static_cast<QueuedItem&>(out) = std::move(received_.front());
  received_.pop_front();
  if (out.event.has_value()) {
    --numEvents_;
    // While paused the last one in the queue is the barrier: nothing comes after it.
    barrierTaken_ = paused_ && received_.empty();
  }
  out.backlog = static_cast<int>(received_.size() - numEvents_);
  out.more = !received_.empty();
  return TakeResult::kTaken;
}

void RemoteInputChannel::resume() {
  {
    MutexLock lock(mutex_);
    if (!barrierTaken_ || closed_) return;
    paused_ = barrierTaken_ = false;
  }
  connection_->resumeChannel(id_);
}

std::vector<std::byte*> RemoteInputChannel::pause() {
  paused_ = true;
  backlog_ = 0;
  unannounced_ = 0;
  floatingHeld_ -= static_cast<int>(free_.size());
  return std::exchange(free_, {});
}

void RemoteInputChannel::close() {
  std::deque<QueuedItem> dropped;
  std::vector<std::byte*> segments;
  std::shared_ptr<ClientConnection> connection;
  int exclusive = 0;
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    closed_ = true;
    dropped.swap(received_);
    numEvents_ = 0;
    segments.swap(free_);
    exclusive = std::min(exclusiveHeld_, static_cast<int>(segments.size()));
    exclusiveHeld_ -= exclusive;
    floatingHeld_ -= static_cast<int>(segments.size()) - exclusive;
    connection = connection_;
  }
  if (connection != nullptr) connection->closeChannel(id_);
  for (std::byte* segment : segments) {
    buffers_->release(segment, exclusive-- > 0 ? SegmentKind::kExclusive : SegmentKind::kFloating);
  }
}

int RemoteInputChannel::queuedBuffers() const {
  MutexLock lock(mutex_);
  return static_cast<int>(received_.size() - numEvents_);
}

std::int64_t RemoteInputChannel::queuedBytes() const {
  MutexLock lock(mutex_);
  std::int64_t bytes = 0;
  for (const QueuedItem& item : received_) bytes += item.buffer.size;
  return bytes;
}

RemoteInputChannel::Held RemoteInputChannel::held() const {
  MutexLock lock(mutex_);
  return {exclusiveHeld_, floatingHeld_, static_cast<int>(free_.size())};
}

Status RemoteInputChannel::checkSequence(const FrameHeader& header) {
  if (ended_ || (dataEnded_ && header.type == FrameType::kBuffer)) {
    return Status(ErrorCode::kCorruptData,
                  fmt::format("data after the end of a partition: partition={} subpartition={}",
                              spec_.partition.toString(), spec_.subpartition));
  }
  if (header.sequence != nextSequence_) {
    return Status(
        ErrorCode::kCorruptData,
        fmt::format("buffers out of order: partition={} subpartition={} expected={} found={}",
                    spec_.partition.toString(), spec_.subpartition, nextSequence_,
                    header.sequence));
  }
  ++nextSequence_;
  return Status::ok();
}

Result<Buffer> RemoteInputChannel::prepareBuffer(const FrameHeader& header) {
  MutexLock lock(mutex_);
  if (closed_) return Buffer();
  FLINK_RETURN_IF_ERROR(checkSequence(header));
  if (free_.size() <= unannounced_) {
    return Status(ErrorCode::kCorruptData,
                  fmt::format("buffer without credit: partition={} subpartition={}",
                              spec_.partition.toString(), spec_.subpartition));
  }
  Buffer buffer(free_.back(), shared_from_this(), 0);
  free_.pop_back();
  buffer.size = header.length;
  buffer.flags = header.flags;
  return buffer;
}

void RemoteInputChannel::onBuffer(Buffer buffer, std::uint32_t backlog) {
  bool wasEmpty = false;
  std::uint32_t credit = 0;
  {
    MutexLock lock(mutex_);
    if (closed_) return;  // the parameter outlives the lock
    wasEmpty = received_.empty();
    received_.push_back({std::move(buffer), std::nullopt});
    backlog_ = backlog;
    askForFloating();
    credit = creditToAnnounce();
  }
  announce(credit);
  if (wasEmpty) queue_->markReady(index_);
}

Status RemoteInputChannel::onEvent(const FrameHeader& header, ByteView payload) {
  const ChannelEvent event = decodeEvent(header, payload);
  std::vector<std::byte*> segments;
  {
    MutexLock lock(mutex_);
    if (closed_) return Status::ok();
    FLINK_RETURN_IF_ERROR(checkSequence(header));
    if (paused_) {
      return Status(ErrorCode::kCorruptData,
                    fmt::format("event from a paused producer: partition={} subpartition={}",
                                spec_.partition.toString(), spec_.subpartition));
    }
    if (numEvents_ == kMaxWaitingEvents) {
      return Status(ErrorCode::kLimitExceeded,
                    fmt::format("too many events wait for their consumer (look at its task, or "
                                "checkpoint less often): partition={} subpartition={} waiting={}",
                                spec_.partition.toString(), spec_.subpartition, numEvents_));
    }
    ended_ = event.type == ChannelEvent::Type::kEndOfPartition;
    dataEnded_ = dataEnded_ || event.type == ChannelEvent::Type::kEndOfData;
    received_.push_back({Buffer(), event});
    ++numEvents_;
    if (exclusiveBuffers_ == 0 && event.type == ChannelEvent::Type::kCheckpointBarrier)
      segments = pause();
  }
  for (std::byte* segment : segments) buffers_->release(segment, SegmentKind::kFloating);
  queue_->markReady(index_);
  return Status::ok();
}

void RemoteInputChannel::onBacklog(std::uint32_t backlog) {
  std::uint32_t credit = 0;
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    backlog_ = backlog;
    askForFloating();
    credit = creditToAnnounce();
  }
  announce(credit);
}

void RemoteInputChannel::onFailure(Status reason) {
  {
    MutexLock lock(mutex_);
    if (closed_ || ended_) return;
  }
  queue_->fail(std::move(reason));
}

void RemoteInputChannel::askForFloating() {
  while (!waitsForFloating_ &&
         free_.size() < static_cast<std::size_t>(exclusiveBuffers_) + backlog_) {
    std::byte* segment = buffers_->acquire(SegmentKind::kFloating, weak_from_this());
    if (segment == nullptr) {
      waitsForFloating_ = true;
      return;
    }
    free_.push_back(segment);
    ++floatingHeld_;
    ++unannounced_;
  }
}

bool RemoteInputChannel::offer(std::byte* segment, SegmentKind kind) {
  std::uint32_t credit = 0;
  {
    MutexLock lock(mutex_);
    if (kind == SegmentKind::kFloating) waitsForFloating_ = false;
    if (closed_ || ended_) return false;
    if (kind == SegmentKind::kExclusive) {
      ++exclusiveHeld_;
    } else {
      if (free_.size() >= static_cast<std::size_t>(exclusiveBuffers_) + backlog_) return false;
      ++floatingHeld_;
    }
    free_.push_back(segment);
    ++unannounced_;
    askForFloating();
    credit = creditToAnnounce();
  }
  announce(credit);
  return true;
}

void RemoteInputChannel::recycle(std::byte* segment, std::uint32_t /*channel*/) {
  std::uint32_t credit = 0;
  std::optional<SegmentKind> surplus;
  {
    MutexLock lock(mutex_);
    const bool enough = free_.size() >= static_cast<std::size_t>(exclusiveBuffers_) + backlog_;
    const bool othersWait = buffers_->numWaiting() > (waitsForFloating_ ? 1 : 0);
    if (floatingHeld_ > 0 && (closed_ || ended_ || enough || othersWait)) {
      --floatingHeld_;
      surplus = SegmentKind::kFloating;
    } else if (closed_ || ended_) {
      --exclusiveHeld_;
      surplus = SegmentKind::kExclusive;
    } else {
      free_.push_back(segment);
      ++unannounced_;
    }
    credit = creditToAnnounce();
  }
  if (surplus.has_value()) buffers_->release(segment, *surplus);
  announce(credit);
}

std::uint32_t RemoteInputChannel::creditToAnnounce() {
  if (!requested_ || closed_ || ended_ || unannounced_ == 0) return 0;
  const auto held = static_cast<std::uint32_t>(exclusiveHeld_ + floatingHeld_);
  if (unannounced_ < std::max(1U, held / 3)) return 0;
  return std::exchange(unannounced_, 0);
}

void RemoteInputChannel::announce(std::uint32_t credit) {
  if (credit > 0) connection_->addCredit(id_, credit);
}

}  // namespace flink::network
