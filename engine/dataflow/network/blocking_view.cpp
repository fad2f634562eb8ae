#include "dataflow/network/blocking_view.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/error_codes.h"

namespace flink::network {

std::shared_ptr<BlockingSubpartitionView> BlockingSubpartitionView::create(
    std::shared_ptr<BlockingPartition> partition, int index,
    std::weak_ptr<SubpartitionListener> listener) {
  auto view =
      std::make_shared<BlockingSubpartitionView>(std::move(partition), index, std::move(listener));
  view->readOn();
  return view;
}

BlockingSubpartitionView::BlockingSubpartitionView(std::shared_ptr<BlockingPartition> partition,
                                                   int index,
                                                   std::weak_ptr<SubpartitionListener> listener)
    : partition_(std::move(partition)),
      stored_(partition_->stored(index)),
      listener_(std::move(listener)) {}

BlockingSubpartitionView::~BlockingSubpartitionView() {
  MutexLock lock(mutex_);
  dropFree();
}

TakeResult BlockingSubpartitionView::take(Taken& out, bool eventsOnly) {
  MutexLock lock(mutex_);
  out.backlog = static_cast<int>(stored_.size() - nextToRead_ + ready_.size());
  out.more = false;
  if (!failure_.isOk() || partition_->isReleased()) {
    out.failure = failure_.isOk() ? partition_->releaseReason() : failure_;
    return TakeResult::kFailed;
  }
  if (!ready_.empty()) {
    out.more = true;
    if (eventsOnly) return TakeResult::kNothing;
    out.buffer = std::move(ready_.front());
    ready_.pop_front();
    --out.backlog;
    out.more = !ready_.empty() || nextToRead_ == stored_.size();
    return TakeResult::kTaken;
  }
  if (nextToRead_ < stored_.size() || reading_ || ended_ || released_) return TakeResult::kNothing;
  if (partition_->endOfData().has_value() && !std::exchange(dataEnded_, true)) {
    out.event = partition_->endOfData();
    out.more = true;
    return TakeResult::kTaken;
  }
  ended_ = true;
  out.event = ChannelEvent{ChannelEvent::Type::kEndOfPartition};
  return TakeResult::kTaken;
}

void BlockingSubpartitionView::release() {
  // Declared first: the buffers come back through recycle(), which takes the lock.
  std::deque<Buffer> dropped;
  MutexLock lock(mutex_);
  released_ = true;
  listener_.reset();
  dropped.swap(ready_);
  dropFree();
}

void BlockingSubpartitionView::recycle(std::byte* segment, std::uint32_t /*channel*/) {
  {
    MutexLock lock(mutex_);
    free_.push_back(segment);
    if (atEnd()) return dropFree();
  }
  readOn();
}

std::byte* BlockingSubpartitionView::takeSegment() {
  std::byte* segment = nullptr;
  if (!free_.empty()) {
    segment = free_.back();
    free_.pop_back();
    return segment;
  }
  if (own_ == nullptr) {
    own_ = std::make_unique<std::byte[]>(
        static_cast<std::size_t>(partition_->readAhead().segmentBytes()));
    segment = own_.get();
  } else if (numSegments_ < kReadAhead) {
    segment = partition_->readAhead().acquire();
  }
  if (segment != nullptr) ++numSegments_;
  return segment;
}

void BlockingSubpartitionView::dropFree() {
  for (std::byte* segment : free_) {
    if (segment == own_.get()) {
      own_.reset();
    } else {
      partition_->readAhead().release(segment);
    }
  }
  numSegments_ -= free_.size();
  free_.clear();
}

void BlockingSubpartitionView::readOn() {
  std::byte* segment = nullptr;
  {
    MutexLock lock(mutex_);
    // Half the segments at a time: a round on the pool costs a wake-up.
    const std::size_t room = free_.size() + (kReadAhead - numSegments_);
    if (reading_ || atEnd() || room < kReadAhead / 2) return;
    segment = takeSegment();
    if (segment == nullptr) return;
    reading_ = true;
  }
  partition_->executor().runBlocking(
      [self = shared_from_this(), segment] { self->readAhead(segment); });
}

void BlockingSubpartitionView::readAhead(std::byte* segment) {
  while (segment != nullptr) {
    StoredBuffer stored;
    {
      MutexLock lock(mutex_);
      stored = stored_[nextToRead_];
    }
    Status read = readNext(segment, stored);
    // Destroyed at the end of each turn when nobody wants it: without the lock.
    Buffer buffer(segment, shared_from_this(), 0);
    buffer.size = stored.size;
    buffer.flags = stored.flags;
    std::weak_ptr<SubpartitionListener> listener;
    Status failure;
    bool fileEnds = false;
    {
      MutexLock lock(mutex_);
      const bool wasEmpty = ready_.empty();
      if (!read.isOk()) {
        failure_ = failure = std::move(read);
      } else if (!released_) {
        ready_.push_back(std::move(buffer));
        ++nextToRead_;
      }
      fileEnds = atEnd();
      segment = fileEnds ? nullptr : takeSegment();
      if (fileEnds) dropFree();
      reading_ = segment != nullptr;
      if (wasEmpty || !failure.isOk()) listener = listener_;
    }
    if (fileEnds) file_.reset();  // no round follows
    const auto target = listener.lock();
    if (target == nullptr) continue;
    if (failure.isOk()) {
      target->onDataAvailable();
    } else {
      target->onFailure(failure);
    }
  }
}

Status BlockingSubpartitionView::readNext(std::byte* segment, const StoredBuffer& stored) {
  if (file_ == nullptr) {
    FLINK_ASSIGN_OR_RETURN(file_, partition_->openFile());
  }
  FLINK_ASSIGN_OR_RETURN(const std::size_t size,
                         file_->readAt(stored.offset, {segment, stored.size}));
  if (size != stored.size) {
    return Status(
        ErrorCode::kFileIo,
        fmt::format("partition file is shorter than written: path={} offset={} expected={} read={}",
                    partition_->path(), stored.offset, stored.size, size));
  }
  return Status::ok();
}

}  // namespace flink::network
