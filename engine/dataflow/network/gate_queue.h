#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/result.h"
#include "dataflow/network/buffer.h"

namespace flink::network {

/// The channels of a gate that have something to take, in the order in which they got it; each at
/// most once. Blocked channels stand aside with what they have. Wakes the task only when the queue
/// was empty. Thread: any.
class GateQueue {
 public:
  explicit GateQueue(int numChannels);
  void setCallback(std::function<void()> onAvailable);
  void markReady(int channel);
  std::optional<int> nextReady();
  void block(int channel);
  void resume(int channel);
  [[nodiscard]] bool isBlocked(int channel) const;
  /// The first failure stays; it makes the gate ready for good.
  void fail(Status reason);
  [[nodiscard]] bool hasReady() const {
    return numReady_.load(std::memory_order_acquire) > 0 || failed_.load(std::memory_order_acquire);
  }
  [[nodiscard]] Status failure() const;
  /// No callback starts after this.
  void close();

 private:
  /// A channel is in the ring, or stands aside blocked, or has nothing as far as the queue knows.
  struct ChannelState {
    bool queued = false;
    bool blocked = false;
    bool readyWhenResumed = false;
  };
  [[nodiscard]] ChannelState& state(int channel) FLINK_REQUIRES(mutex_) {
    return states_[static_cast<std::size_t>(channel)];
  }
  /// Appends to the ring. Returns what has to be called without the lock; may be null.
  std::shared_ptr<std::function<void()>> enqueue(int channel) FLINK_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::shared_ptr<std::function<void()>> callback_ FLINK_GUARDED_BY(mutex_);
  std::vector<int> ring_ FLINK_GUARDED_BY(mutex_);
  std::vector<ChannelState> states_ FLINK_GUARDED_BY(mutex_);
  std::size_t head_ FLINK_GUARDED_BY(mutex_) = 0;
  std::atomic<std::size_t> numReady_{0};
  std::atomic<bool> failed_{false};
  Status failure_ FLINK_GUARDED_BY(mutex_);
};

/// One channel of a gate.
/// Thread: take and close on the task's step.
class InputChannel {
 public:
  virtual ~InputChannel() = default;
  virtual void start() = 0;
  virtual TakeResult take(Taken& out) = 0;
  /// The task has taken a barrier and does not, or no longer, block the channel. Without effect on
  /// channels that go on by themselves.
  virtual void resume() = 0;
  virtual void close() = 0;
  [[nodiscard]] virtual bool isLocal() const = 0;
  /// Buffers and bytes that have arrived and are not taken; 0 for local channels, whose data waits
  /// at its producer.
  [[nodiscard]] virtual int queuedBuffers() const = 0;
  [[nodiscard]] virtual std::int64_t queuedBytes() const = 0;
};

}  // namespace flink::network
