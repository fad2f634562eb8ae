#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "core/base/mutex.h"
#include "core/base/result.h"
#include "dataflow/network/buffer.h"

namespace flink::network {

/// Hears of data in a subpartition: a gate's local channel, or the connection that sends it.
/// Thread: any.
class SubpartitionListener {
 public:
  virtual ~SubpartitionListener() = default;
  /// There is something to take where there was nothing, or the subpartition failed. May be called
  /// in vain.
  virtual void onDataAvailable() = 0;
  /// Nothing more will come; take() says the same.
  virtual void onFailure(const Status& reason) = 0;
};

/// The consumer's end of one subpartition.
/// Thread: one consumer at a time, any thread.
class SubpartitionView {
 public:
  virtual ~SubpartitionView() = default;
  /// With `eventsOnly` a buffer at the front stays (kNothing, with `more` and `backlog` set): the
  /// consumer has no credit.
  virtual TakeResult take(Taken& out, bool eventsOnly) = 0;
  /// The consumer is done or gone: what is left and what still comes is dropped.
  virtual void release() = 0;
};

/// A partition as the registry serves it.
/// Thread: any.
class ServedPartition {
 public:
  virtual ~ServedPartition() = default;
  /// The view keeps the partition alive. Call take() once after this: the listener hears only of
  /// later data. Errors: kPartitionNotFound, kInvalidArgument.
  virtual Result<std::shared_ptr<SubpartitionView>> createView(
      int subpartition, std::weak_ptr<SubpartitionListener> listener) = 0;
  virtual void release(Status reason) = 0;
};

/// The buffers and events of a partition on their way to one consumer.
/// States: open → finished (end event queued) → drained (end event taken); open, finished → failed
/// (released by the producer) or abandoned (released by the consumer). `onDone` is called once, on
/// drained or abandoned. Thread: any.
class PipelinedSubpartition final : public SubpartitionView {
 public:
  explicit PipelinedSubpartition(std::function<void()> onDone) : onDone_(std::move(onDone)) {}

  /// False when there is a consumer already.
  bool attach(std::weak_ptr<SubpartitionListener> listener);
  void add(Buffer buffer);
  /// False when kMaxWaitingEvents wait here.
  [[nodiscard]] bool addEvent(const ChannelEvent& event);
  /// Appends to the last buffer when that one is still here, no event came after it, it has room
  /// below `capacity` and ends with a whole record.
  bool append(ByteView data, std::size_t capacity);
  void finish();
  void fail(const Status& reason);

  TakeResult take(Taken& out, bool eventsOnly) override;
  void release() override;

  [[nodiscard]] int queuedBuffers() const;
  [[nodiscard]] std::int64_t queuedBytes() const;

 private:
  enum class State : std::uint8_t { kOpen, kFinished, kDrained, kFailed, kAbandoned };
  [[nodiscard]] int numBuffers() const FLINK_REQUIRES(mutex_) {
    return static_cast<int>(queue_.size() - numEvents_);
  }
  void notifyListener(const std::weak_ptr<SubpartitionListener>& listener);
  void notifyFailure(const std::weak_ptr<SubpartitionListener>& listener, const Status& reason);

  const std::function<void()> onDone_;
  mutable Mutex mutex_;
  std::deque<QueuedItem> queue_ FLINK_GUARDED_BY(mutex_);
  std::size_t numEvents_ FLINK_GUARDED_BY(mutex_) = 0;  ///< of the queue
  State state_ FLINK_GUARDED_BY(mutex_) = State::kOpen;
  bool attached_ FLINK_GUARDED_BY(mutex_) = false;
  Status failure_ FLINK_GUARDED_BY(mutex_);
  std::weak_ptr<SubpartitionListener> listener_ FLINK_GUARDED_BY(mutex_);
};

}  // namespace flink::network
