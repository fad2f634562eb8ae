#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/mutex.h"
#include "core/memory/segment_pool.h"
#include "dataflow/network/buffer_pool.h"
#include "dataflow/network/partition_writer.h"
#include "dataflow/network/subpartition.h"

namespace flink::network {

/// Where one buffer lies in a blocking partition's file.
struct StoredBuffer {
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::uint8_t flags = 0;
};

/// The finished file of a blocking partition; read by any number of consumers, removed on
/// release(). Thread: any, once complete() was called.
class BlockingPartition final : public ServedPartition,
                                public std::enable_shared_from_this<BlockingPartition> {
 public:
  BlockingPartition(ResultPartitionId id, std::string path, int numSubpartitions,
                    std::shared_ptr<memory::SegmentPool> readAhead, FileSystem& files,
                    Executor& executor);
  ~BlockingPartition() override;

  /// What the writer has stored and the kEndOfData it was given; the file is closed. Called once,
  /// before the partition is registered.
  void complete(std::vector<std::vector<StoredBuffer>> index,
                const std::optional<ChannelEvent>& endOfData);
  Result<std::shared_ptr<SubpartitionView>> createView(
      int index, std::weak_ptr<SubpartitionListener> listener) override;
  void release(Status reason) override;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool isReleased() const { return released_.load(std::memory_order_acquire); }
  /// REQUIRES: isReleased().
  [[nodiscard]] Status releaseReason() const;
  [[nodiscard]] const std::vector<StoredBuffer>& stored(int index) const {
    return index_[static_cast<std::size_t>(index)];
  }
  /// What every reader gets after the last buffer.
  [[nodiscard]] const std::optional<ChannelEvent>& endOfData() const { return endOfData_; }
  /// What all readers of this worker share beyond the segment that each has of its own.
  [[nodiscard]] memory::SegmentPool& readAhead() const { return *readAhead_; }
  /// The file, open once for all who read it at the time. Errors: those of FileSystem::openRead().
  Result<std::shared_ptr<ReadableFile>> openFile();
  [[nodiscard]] Executor& executor() const { return executor_; }

 private:
  const ResultPartitionId id_;
  const std::string path_;
  const int numSubpartitions_;
  const std::shared_ptr<memory::SegmentPool> readAhead_;
  FileSystem& files_;
  Executor& executor_;
  std::vector<std::vector<StoredBuffer>> index_;
  std::optional<ChannelEvent> endOfData_;
  std::atomic<bool> released_{false};
  mutable Mutex mutex_;
  Status reason_ FLINK_GUARDED_BY(mutex_);
  Mutex fileMutex_;  ///< held while the file is opened
  std::weak_ptr<ReadableFile> file_ FLINK_GUARDED_BY(fileMutex_);
};

/// Waits for room in a pool. `wake` belongs into the pool's onRoom.
class RoomCondition final : public WaitCondition {
 public:
  explicit RoomCondition(Executor& executor) : executor_(executor) {}
  [[nodiscard]] bool ready() const override { return ready_.load(std::memory_order_acquire); }
  void wake() {
    ready_.store(true, std::memory_order_release);
    executor_.notify(*this);
  }
  /// Call before trying: a wake() after the try is not lost.
  void arm() { ready_.store(false, std::memory_order_release); }
  void wait() { executor_.await(*this); }

 private:
  Executor& executor_;
  std::atomic<bool> ready_{false};
};

/// The task's end of a blocking partition: one file, buffers of all channels in the order they
/// filled up.
class BlockingResultPartition final : public PartitionWriter {
 public:
  struct Collaborators {
    std::shared_ptr<LocalBufferPool> memory;  ///< guarantees one segment per channel
    std::shared_ptr<RoomCondition> room;      ///< woken by `memory`
    std::shared_ptr<BlockingPartition> shared;
    std::unique_ptr<WritableFile> file;
    std::function<Status()> onComplete;  ///< registers the partition
  };
  BlockingResultPartition(const PartitionSpec& spec, std::shared_ptr<OutputProbe> probe,
                          Collaborators with);
  ~BlockingResultPartition() override;

  [[nodiscard]] bool isAvailable() const override { return true; }
  void setAvailabilityCallback(std::function<void()> /*onAvailable*/) override {}
  /// Nobody reads before the end: nothing to do.
  void flush() override {}
  Status broadcastEvent(const ChannelEvent& event) override;
  Status finish() override;
  [[nodiscard]] bool consumed() const override { return complete_; }
  /// True after a write error too: finish() reports it.
  [[nodiscard]] bool released() const override {
    return with_.shared->isReleased() || writeFailed_;
  }
  void release(Status reason) override;

 protected:
  std::byte* passOn(int channel, std::uint32_t size, std::uint8_t flags) override;
  std::byte* provideSegment(int channel) override;

 private:
  Collaborators with_;
  std::unique_ptr<BufferCodec> codec_;
  std::vector<std::vector<StoredBuffer>> index_;
  std::optional<ChannelEvent> endOfData_;
  std::uint64_t offset_ = 0;
  Status writeError_;
  bool writeFailed_ = false;
  bool complete_ = false;
};

}  // namespace flink::network
