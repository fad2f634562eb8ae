#include "cluster/jobmanager/collect_buffer.h"

#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::jobmanager {
namespace {

/// Bytes of records in one answer; a single larger record still goes alone.
constexpr std::size_t kMaxAnswerBytes = 4U << 20;
constexpr std::size_t kMaxBuffersPerJob = 1'000;

}  // namespace

CollectBuffer::~CollectBuffer() {
  close();
  if (reader_) loop_.cancel(reader_->timer);
}

void CollectBuffer::add(Records records, Sender sender) {
  if (closed_)
    return sender(
        Status(ErrorCode::kCancelled, "the job has ended: its results are not collected any more"));
  for (std::string& record : records) {
    bytes_ += static_cast<std::int64_t>(record.size());
    records_.push_back(std::move(record));
  }
  senders_.push_back(std::move(sender));
  serve();
  admitSenders();
}

void CollectBuffer::admitSenders() {
  while (!senders_.empty() && bytes_ <= limitBytes_) {
    const Sender sender = std::move(senders_.front());
    senders_.pop_front();
    sender(protocol::Empty{});
  }
}

void CollectBuffer::read(std::int64_t offset, Duration wait, Reader reader) {
  if (offset < base_ || offset > end()) {
    return reader(Status(ErrorCode::kInvalidArgument,
                         fmt::format("collected records are not there: offset={} first={} end={}",
                                     offset, base_, end())));
  }
  dropBefore(offset);
  admitSenders();
  if (reader_) {
    loop_.cancel(reader_->timer);
    std::exchange(reader_, std::nullopt)->reader(protocol::CollectResultsRequest::Response{});
  }
  reader_ = Waiting{offset, std::move(reader), EventLoop::TimerId::kNone};
  serve();
  if (!reader_) return;
  reader_->timer = loop_.schedule(wait, [this] {
    if (reader_)
      std::exchange(reader_, std::nullopt)->reader(protocol::CollectResultsRequest::Response{});
  });
}

void CollectBuffer::serve() {
  if (!reader_) return;
  if (reader_->offset < base_ || (reader_->offset == end() && !closed_)) return;
  const Waiting waiting = *std::exchange(reader_, std::nullopt);
  loop_.cancel(waiting.timer);
  waiting.reader(take(waiting.offset));
}

protocol::CollectResultsRequest::Response CollectBuffer::take(std::int64_t offset) const {
  protocol::CollectResultsRequest::Response response;
  std::size_t bytes = 0;
  auto next = records_.begin() + (offset - base_);
  for (; next != records_.end(); ++next) {
    bytes += next->size();
    if (bytes > kMaxAnswerBytes && !response.records.empty()) break;
    response.records.push_back(*next);
  }
  response.finished = closed_ && next == records_.end();
  return response;
}

void CollectBuffer::dropBefore(std::int64_t offset) {
  for (; base_ < offset; ++base_) {
    bytes_ -= static_cast<std::int64_t>(records_.front().size());
    records_.pop_front();
  }
}

void CollectBuffer::close() {
  if (closed_) return;
  closed_ = true;
  for (const Sender& sender : std::exchange(senders_, {})) sender(protocol::Empty{});
  serve();
}

Result<CollectBuffer*> CollectBuffers::get(const std::string& collectId) {
  auto& buffer = buffers_[collectId];
  if (!buffer) {
    if (buffers_.size() > kMaxBuffersPerJob) {
      buffers_.erase(collectId);
      return Status(ErrorCode::kLimitExceeded,
                    fmt::format("job has too many collect sinks: limit={}", kMaxBuffersPerJob));
    }
    buffer = std::make_unique<CollectBuffer>(loop_, limitBytes_);
    if (closed_) buffer->close();
  }
  return buffer.get();
}

void CollectBuffers::close() {
  closed_ = true;
  for (auto& [id, buffer] : buffers_) buffer->close();
}

std::int64_t CollectBuffers::bytes() const {
  std::int64_t total = 0;
  for (const auto& [id, buffer] : buffers_) total += buffer->bytes();
  return total;
}

}  // namespace flink::jobmanager
