#include "dataflow/network/subpartition.h"

#include <cstring>
#include <utility>

namespace flink::network {

bool PipelinedSubpartition::attach(std::weak_ptr<SubpartitionListener> listener) {
  MutexLock lock(mutex_);
  if (attached_) return false;
  attached_ = true;
  listener_ = std::move(listener);
  return true;
}

void PipelinedSubpartition::notifyListener(const std::weak_ptr<SubpartitionListener>& listener) {
  if (const auto target = listener.lock()) target->onDataAvailable();
}

void PipelinedSubpartition::add(Buffer buffer) {
  std::weak_ptr<SubpartitionListener> listener;
  {
    MutexLock lock(mutex_);
    // The dropped buffer gives its segment back after the lock is gone: the parameter outlives this
    // scope.
    if (state_ != State::kOpen) return;
    queue_.push_back(std::move(buffer));
    if (queue_.size() > 1) return;
    listener = listener_;
  }
  notifyListener(listener);
}

bool PipelinedSubpartition::append(ByteView data, std::size_t capacity) {
  MutexLock lock(mutex_);
  if (state_ != State::kOpen || queue_.empty()) return false;
  Buffer& last = queue_.back();
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
  std::deque<Buffer> dropped;
  {
    MutexLock lock(mutex_);
    if (state_ != State::kOpen && state_ != State::kFinished) return;
    state_ = State::kFailed;
    failure_ = reason;
    dropped.swap(queue_);
    listener = listener_;
  }
  notifyListener(listener);
}

TakeResult PipelinedSubpartition::take(Taken& out, bool eventsOnly) {
  {
    MutexLock lock(mutex_);
    if (!queue_.empty()) {
      if (eventsOnly) {
        out.more = true;
        out.backlog = static_cast<int>(queue_.size());
        return TakeResult::kNothing;
      }
      out.buffer = std::move(queue_.front());
      queue_.pop_front();
      out.backlog = static_cast<int>(queue_.size());
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
    out.event = ChannelEvent::kEndOfPartition;
  }
  onDone_();
  return TakeResult::kTaken;
}

void PipelinedSubpartition::release() {
  std::deque<Buffer> dropped;
  {
    MutexLock lock(mutex_);
    listener_.reset();
    if (state_ != State::kOpen && state_ != State::kFinished) return;
    state_ = State::kAbandoned;
    dropped.swap(queue_);
  }
  onDone_();
}

int PipelinedSubpartition::queuedBuffers() const {
  MutexLock lock(mutex_);
  return static_cast<int>(queue_.size());
}

std::int64_t PipelinedSubpartition::queuedBytes() const {
  MutexLock lock(mutex_);
  std::int64_t bytes = 0;
  for (const Buffer& buffer : queue_) bytes += buffer.size;
  return bytes;
}

}  // namespace flink::network
