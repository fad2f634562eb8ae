#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/executor.h"
#include "core/base/mutex.h"
#include "dataflow/network/buffer.h"
#include "dataflow/network/buffer_pool.h"
#include "dataflow/network/partition_writer.h"
#include "dataflow/network/subpartition.h"

namespace flink::network {

struct PipelinedPartitionSettings {
  ResultPartitionId id;
  int numSubpartitions = 1;
  int maxOverdraftBuffers = 5;
  int maxBuffersPerChannel = 10;
};

/// The shared half of a pipelined partition: queues, segments in use, availability. Lives until its
/// writer, its consumers and its buffers are gone. Availability has hysteresis: it ends with the
/// pool's last segment or a channel's last allowed buffer and comes back when about half of them
/// are free again, so that a waiting producer is woken per batch of segments. Thread: any.
class PipelinedPartition final : public ServedPartition,
                                 public SegmentOwner,
                                 public WaitCondition,
                                 public OutputFiguresSource,
                                 public std::enable_shared_from_this<PipelinedPartition> {
 public:
  /// `onConsumed` is called once, when every consumer has taken everything or is gone.
  static Result<std::shared_ptr<PipelinedPartition>> create(
      const PipelinedPartitionSettings& settings, NetworkBufferPool& memory, int maxSegments,
      Executor& executor, std::function<void()> onConsumed);
  PipelinedPartition(const PipelinedPartitionSettings& settings, Executor& executor,
                     std::function<void()> onConsumed);
  ~PipelinedPartition() override;

  // The producer's side.
  /// Null when pool and overdraft are used up: wait for ready().
  std::byte* acquire();
  /// Gives back a segment that was never queued.
  void returnUnused(std::byte* segment);
  void add(int channel, std::byte* segment, std::uint32_t size, std::uint8_t flags,
           BufferCodec* codec);
  bool append(int channel, ByteView data, std::size_t capacity) {
    return subpartition(channel).append(data, capacity);
  }
  /// Queues the event on every channel. False when one of them holds too many.
  [[nodiscard]] bool addEvent(const ChannelEvent& event);
  void finish();
  [[nodiscard]] bool isAvailable() const { return available_.load(std::memory_order_acquire); }
  void setAvailabilityCallback(std::function<void()> onAvailable);
  [[nodiscard]] bool isReleased() const { return released_.load(std::memory_order_acquire); }
  [[nodiscard]] bool isConsumed() const { return consumed_.load(std::memory_order_acquire); }
  /// True when acquire() may be tried again.
  [[nodiscard]] bool ready() const override { return isAvailable() || isReleased(); }

  // Consumers and buffers.
  Result<std::shared_ptr<SubpartitionView>> createView(
      int index, std::weak_ptr<SubpartitionListener> listener) override;
  void release(Status reason) override;
  void recycle(std::byte* segment, std::uint32_t channel) override;

  [[nodiscard]] OutputFigures outputFigures() const override;

 private:
  [[nodiscard]] PipelinedSubpartition& subpartition(int channel) {
    return subpartitions_[static_cast<std::size_t>(channel)];
  }
  void onSubpartitionDone();
  void onRoom();
  /// True when the partition became available again.
  bool updateAvailability() FLINK_REQUIRES(mutex_);
  void tellAvailable();

  const PipelinedPartitionSettings settings_;
  Executor& executor_;
  const std::function<void()> onConsumed_;
  std::shared_ptr<LocalBufferPool> pool_;
  std::deque<PipelinedSubpartition> subpartitions_;
  std::atomic<int> numOpen_;
  std::atomic<bool> available_{true};
  std::atomic<bool> released_{false};
  std::atomic<bool> consumed_{false};

  mutable Mutex mutex_;
  std::shared_ptr<std::function<void()>> callback_ FLINK_GUARDED_BY(mutex_);
  /// Buffers queued or on their way, per channel.
  std::vector<int> numQueued_ FLINK_GUARDED_BY(mutex_);
  /// Channels that reached their limit and have not fallen to its half since.
  std::vector<bool> atLimit_ FLINK_GUARDED_BY(mutex_);
  int numAtLimit_ FLINK_GUARDED_BY(mutex_) = 0;
  bool poolLow_ FLINK_GUARDED_BY(mutex_) = false;
};

/// The task's end of a pipelined partition.
class PipelinedResultPartition final : public PartitionWriter {
 public:
  PipelinedResultPartition(const PartitionSpec& spec, std::uint32_t segmentBytes,
                           std::shared_ptr<OutputProbe> probe,
                           std::shared_ptr<PipelinedPartition> shared, Executor& executor);
  ~PipelinedResultPartition() override;

  [[nodiscard]] bool isAvailable() const override { return shared_->isAvailable(); }
  void setAvailabilityCallback(std::function<void()> onAvailable) override;
  void flush() override;
  Status broadcastEvent(const ChannelEvent& event) override;
  Status finish() override;
  [[nodiscard]] bool consumed() const override { return shared_->isConsumed(); }
  [[nodiscard]] bool released() const override { return shared_->isReleased(); }
  void release(Status reason) override { shared_->release(std::move(reason)); }

 protected:
  std::byte* passOn(int channel, std::uint32_t size, std::uint8_t flags) override;
  std::byte* provideSegment(int channel) override;

 private:
  void returnWindows();

  const std::shared_ptr<PipelinedPartition> shared_;
  Executor& executor_;
  std::unique_ptr<BufferCodec> codec_;  ///< for remote channels, when the exchange is compressed
  bool dataEnded_ = false;
  bool finished_ = false;
};

}  // namespace flink::network
