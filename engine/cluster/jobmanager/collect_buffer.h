#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/jobmanager/gateway.h"
#include "cluster/protocol/messages.h"
#include "core/base/executor.h"

namespace flink::jobmanager {

/// Holds the records of one collect sink until the client takes them. A sink's call is answered
/// only while the buffer is below its limit, so that the sink waits; a client's call waits for
/// records. A client that asks from offset n has what lies before n: that is dropped, and asking
/// again from n gives the same. Thread: the JobManager's event loop.
class CollectBuffer {
 public:
  using Records = std::vector<std::string>;
  using Sender = Responder<protocol::CollectedRecordsRequest>;
  using Reader = Responder<protocol::CollectResultsRequest>;

  CollectBuffer(EventLoop& loop, std::int64_t limitBytes) : loop_(loop), limitBytes_(limitBytes) {}
  ~CollectBuffer();
  CollectBuffer(const CollectBuffer&) = delete;
  CollectBuffer& operator=(const CollectBuffer&) = delete;

  void add(Records records, Sender sender);
  /// Of two calls that wait, the older one gets an empty answer. Errors: kInvalidArgument for
  /// records that were dropped.
  void read(std::int64_t offset, Duration wait, Reader reader);
  /// The job has ended: nothing more comes.
  void close();
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

 private:
  struct Waiting {
    std::int64_t offset = 0;
    Reader reader;
    EventLoop::TimerId timer = EventLoop::TimerId::kNone;
  };

  [[nodiscard]] std::int64_t end() const {
    return base_ + static_cast<std::int64_t>(records_.size());
  }
  void dropBefore(std::int64_t offset);
  void admitSenders();
  void serve();
  [[nodiscard]] protocol::CollectResultsRequest::Response take(std::int64_t offset) const;

  EventLoop& loop_;
  const std::int64_t limitBytes_;
  std::deque<std::string> records_;
  std::int64_t base_ = 0;  // offset of records_.front()
  std::int64_t bytes_ = 0;
  bool closed_ = false;
  std::deque<Sender> senders_;  // wait for room
  std::optional<Waiting> reader_;
};

/// The collect buffers of one job by collect id.
class CollectBuffers {
 public:
  CollectBuffers(EventLoop& loop, std::int64_t limitBytes) : loop_(loop), limitBytes_(limitBytes) {}

  /// Errors: kLimitExceeded.
  Result<CollectBuffer*> get(const std::string& collectId);
  void close();
  [[nodiscard]] std::int64_t bytes() const;

 private:
  EventLoop& loop_;
  const std::int64_t limitBytes_;
  bool closed_ = false;
  std::map<std::string, std::unique_ptr<CollectBuffer>> buffers_;
};

}  // namespace flink::jobmanager
