#include "dataflow/network/subpartition.h"

#include <cstring>
#include <utility>

namespace flink::network {

bool PipelinedSubpartition::attach(std::weak_ptr<SubpartitionListener> listener) {
  Status failure;
  {
    MutexLock lock(mutex_);
    if (attached_) return false;
    attached_ = true;
    listener_ = listener;
    failure = failure_;
  }
  if (!failure.isOk()) notifyFailure(listener, failure);
  return true;
}

void PipelinedSubpartition::notifyListener(const std::weak_ptr<SubpartitionListener>& listener) {
  if (const auto target = listener.lock()) target->onDataAvailable();
}

void PipelinedSubpartition::notifyFailure(const std::weak_ptr<SubpartitionListener>& listener,
                                          const Status& reason) {
  if (const auto target = listener.lock()) target->onFailure(reason);
}

void PipelinedSubpartition::add(Buffer buffer) {
  std::weak_ptr<SubpartitionListener> listener;
  {
    MutexLock lock(mutex_);
    // The dropped buffer gives its segment back after the lock is gone: the parameter outlives this
    // scope.
    if (state_ != State::kOpen) return;
    queue_.push_back({std::move(buffer), std::nullopt});
    if (queue_.size() > 1) return;
    listener = listener_;
  }
  notifyListener(listener);
}

bool PipelinedSubpartition::addEvent(const ChannelEvent& event) {
  std::weak_ptr<SubpartitionListener> listener;
  {
    MutexLock lock(mutex_);
    if (state_ != State::kOpen) return true;
    if (numEvents_ == kMaxWaitingEvents) return false;
    queue_.push_back({Buffer(), event});
    ++numEvents_;
    if (queue_.size() > 1) return true;
    listener = listener_;
  }
  notifyListener(listener);
  return true;
}

bool PipelinedSubpartition::append(ByteView data, std::size_t capacity) {
  MutexLock lock(mutex_);
  if (state_ != State::kOpen || queue_.empty() || queue_.back().event.has_value()) return false;
  Buffer& last = queue_.back().buffer;
  if (last.size + data.size() > capacity || (last.flags & buffer_flag::kEndsInside) != 0)
    return false;
  std::memcpy(last.data() + last.size, data.data(), data.size());
  last.size += static_cast<std::uint32_t>(data.size());
  return true;
}

void PipelinedSubpartition::finish() {
  std::weak_ptr<SubpartitionListener> listener;
  {
    MutexLock lock(mutex_);
    if (state_ != State::kOpen) return;
    state_ = State::kFinished;
    if (!queue_.empty()) return;
    listener = listener_;
  }
  notifyListener(listener);
}

void PipelinedSubpartition::fail(const Status& reason) {
  std::weak_ptr<SubpartitionListener> listener;
  std::deque<QueuedItem> dropped;
  {
    MutexLock lock(mutex_);
    if (state_ != State::kOpen && state_ != State::kFinished) return;
    state_ = State::kFailed;
    failure_ = reason;
    dropped.swap(queue_);
    numEvents_ = 0;
    listener = listener_;
  }
  notifyFailure(listener, reason);
}

TakeResult PipelinedSubpartition::take(Taken& out, bool eventsOnly) {
  {
    MutexLock lock(mutex_);
    if (!queue_.empty()) {
      const bool isEvent = queue_.front().event.has_value();
      if (eventsOnly && !isEvent) {
        out.more = true;
        out.backlog = numBuffers();
        return TakeResult::kNothing;
      }
      static_cast<QueuedItem&>(out) = std::move(queue_.front());
      queue_.pop_front();
      if (isEvent) --numEvents_;
      out.backlog = numBuffers();
      out.more = !queue_.empty() || state_ == State::kFinished;
      return TakeResult::kTaken;
    }
    out.backlog = 0;
    out.more = false;
    if (state_ == State::kFailed) {
      out.failure = failure_;
      return TakeResult::kFailed;
    }
    if (state_ != State::kFinished) return TakeResult::kNothing;
    state_ = State::kDrained;
    listener_.reset();
    out.event = ChannelEvent{ChannelEvent::Type::kEndOfPartition};
  }
  onDone_();
  return TakeResult::kTaken;
}

void PipelinedSubpartition::release() {
  std::deque<QueuedItem> dropped;
  {
    MutexLock lock(mutex_);
    listener_.reset();
    if (state_ != State::kOpen && state_ != State::kFinished) return;
    state_ = State::kAbandoned;
    dropped.swap(queue_);
    numEvents_ = 0;
  }
  onDone_();
}

int PipelinedSubpartition::queuedBuffers() const {
  MutexLock lock(mutex_);
  return numBuffers();
}

std::int64_t PipelinedSubpartition::queuedBytes() const {
  MutexLock lock(mutex_);
  std::int64_t bytes = 0;
  for (const QueuedItem& item : queue_) bytes += item.buffer.size;
  return bytes;
}

}  // namespace flink::network
