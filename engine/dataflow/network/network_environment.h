#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/stream_transport.h"
#include "core/metrics/registry.h"
#include "core/types/segment_writer.h"

namespace flink::network {

/// Something that travels in order with the records of a channel and is not one.
struct ChannelEvent {
  enum class Type : std::uint8_t {
    kEndOfPartition = 1,     ///< no more of anything on this channel
    kCheckpointBarrier = 2,  ///< what came before belongs to the checkpoint
    kCancelCheckpoint = 3,   ///< the checkpoint's barrier will not come
    kEndOfData = 4,          ///< no more records; barriers may still come
  };
  /// In `options` of kEndOfData: the producer came to the end of its input and was not stopped.
  static constexpr std::uint8_t kDrained = 1;

  Type type = Type::kEndOfPartition;
  std::uint64_t checkpointId = 0;  ///< of kCheckpointBarrier and kCancelCheckpoint
  std::int64_t timestampMs = 0;    ///< of kCheckpointBarrier: when the checkpoint was triggered
  /// Of kCheckpointBarrier (bits of the task's own) and kEndOfData.
  std::uint8_t options = 0;
  /// Of kCheckpointBarrier: what else the task wants its consumers to know of the checkpoint.
  std::string payload{};
  static constexpr std::size_t kMaxPayloadBytes = 4 << 10;

  friend bool operator==(const ChannelEvent&, const ChannelEvent&) = default;
};

/// Sizes of the data plane of one worker; from Flink's taskmanager.network.* and
/// taskmanager.memory.* keys.
struct NetworkSettings {
  std::int64_t networkBytes = 64LL << 20;
  std::int32_t segmentBytes = 32 << 10;
  std::int32_t buffersPerChannel = 2;  ///< exclusive receive buffers
  std::int32_t floatingBuffersPerGate = 8;
  std::int32_t maxOverdraftBuffersPerGate = 5;
  std::int32_t maxBuffersPerChannel = 10;  ///< send side, per subpartition
  Duration partitionRequestTimeout = std::chrono::seconds(10);
  Duration requestBackoffInitial = std::chrono::milliseconds(100);
  Duration requestBackoffMax = std::chrono::seconds(10);
  Duration connectTimeout = std::chrono::seconds(10);
  std::string temporaryDirectory;  ///< blocking partitions
  /// What all readers of blocking partitions share for reading ahead, beside the network memory.
  std::int64_t readAheadBytes = 64LL << 20;
};

/// Events need no memory of the pools and no credit; this bounds those that wait in one channel, at
/// each of its ends.
inline constexpr std::size_t kMaxWaitingEvents = 1 << 14;

/// Where a channel's producer lives, as the task sees it.
struct ChannelSpec {
  ResultPartitionId partition;
  int subpartition = 0;
  bool local = false;  ///< the producer is a task of this worker
  std::string host;
  int dataPort = 0;
};

struct GateSpec {
  std::string owner;  ///< task name, for errors and metrics
  std::vector<ChannelSpec> channels;
  bool compressed = false;
};

struct PartitionSpec {
  ResultPartitionId id;
  std::string owner;
  std::vector<bool> localConsumers;  ///< one per subpartition: is the consumer in this worker?
  bool blocking = false;             ///< written to disk, readable after finish() only
  bool compressed = false;
  std::int64_t bufferTimeoutMs = 100;
};

/// One buffer or event of one channel. Holding it keeps the segment (and its credit) taken.
class InputBuffer {
 public:
  virtual ~InputBuffer() = default;
  int channel = 0;
  types::SegmentView view;  ///< empty for events
  std::optional<ChannelEvent> event;
};

/// Merges the input channels of one edge at one task into a sequence of buffers, channels in
/// round-robin fairness. Thread: poll on the task's step; the availability callback on any thread,
/// when something to poll (or a failure) appears where there was nothing; it may come in vain.
/// Lifetime: start() requests the partitions; close() releases everything, also under failure.
class InputGate {
 public:
  virtual ~InputGate() = default;
  virtual void start(std::function<void()> onAvailable) = 0;
  /// The next buffer or event of a channel that is not blocked; null when nothing is there now.
  /// Errors, of blocked channels too: kConnectionLost, kPartitionNotFound, kCorruptData.
  virtual Result<std::unique_ptr<InputBuffer>> poll() = 0;
  [[nodiscard]] virtual bool hasData() const = 0;
  /// Leaves what the channel has and gets where it is: poll(), hasData() and the availability
  /// callback do not know of it until resumeChannel(). Without effect on a blocked channel.
  virtual void blockChannel(int channel) = 0;
  /// Calls the availability callback when the channel's data is all there is to poll. Without
  /// effect on a channel that is not blocked.
  virtual void resumeChannel(int channel) = 0;
  [[nodiscard]] virtual int numChannels() const = 0;
  /// True after kEndOfPartition on every channel.
  [[nodiscard]] virtual bool finished() const = 0;
  virtual void close() = 0;
};

/// What one task produces for one edge.
/// Thread: the task's step, except release() and the callback.
class ResultPartition : public types::SegmentWriter {
 public:
  /// False while overdraft buffers are in use or a channel has all the buffers it may have: the
  /// task takes no more input.
  [[nodiscard]] virtual bool isAvailable() const = 0;
  /// `onAvailable` is called (on any thread) when isAvailable() or consumed() turns true, and after
  /// release().
  virtual void setAvailabilityCallback(std::function<void()> onAvailable) = 0;
  /// Hands half-full segments to the consumers (task ran out of input, or the buffer timeout
  /// passed).
  virtual void flush() = 0;
  /// Flushes and sends `event` to every channel; after kEndOfData no record may follow. Needs no
  /// memory, so it never waits. Errors: kInvalidArgument for kEndOfPartition (finish() sends it),
  /// kUnsupported for barriers and their cancellation in blocking partitions, kLimitExceeded when
  /// a consumer has left kMaxWaitingEvents of them, or the payload is too large.
  virtual Status broadcastEvent(const ChannelEvent& event) = 0;
  /// Flushes and sends kEndOfPartition to every channel. Errors: kFileIo for blocking partitions.
  virtual Status finish() = 0;
  /// True once every consumer has taken everything or is gone (pipelined), or the file is complete
  /// (blocking). After finish() the object may go at any time: what is left stays with the
  /// environment until it is taken.
  [[nodiscard]] virtual bool consumed() const = 0;
  /// What was handed to the consumers so far. Thread: any.
  [[nodiscard]] virtual std::int64_t bytesOut() const = 0;
  [[nodiscard]] virtual std::int64_t buffersOut() const = 0;
  /// Drops everything; consumers see `reason` as kConnectionLost's cause. Thread: any.
  virtual void release(Status reason) = 0;
};

/// All partitions, gates and connections of one worker.
/// Thread: any. Ownership: borrows its collaborators.
class NetworkEnvironment {
 public:
  virtual ~NetworkEnvironment() = default;
  /// Errors: kInsufficientNetworkBuffers, kFileIo.
  virtual Result<std::unique_ptr<ResultPartition>> createPartition(
      const PartitionSpec& spec, std::shared_ptr<metrics::MetricGroup> group) = 0;
  virtual Result<std::unique_ptr<InputGate>> createGate(
      const GateSpec& spec, std::shared_ptr<metrics::MetricGroup> group) = 0;
  /// A consumer worker's connection whose hello the supervisor has checked.
  virtual void acceptConnection(std::unique_ptr<StreamConnection> connection) = 0;
  /// Drops a finished blocking partition that nobody needs any more; its file goes with its last
  /// reader.
  virtual void releasePartition(const ResultPartitionId& id) = 0;
  /// More network memory: of slots that tasks came for later.
  virtual void addMemory(std::int64_t bytes) = 0;
  /// Segments: total, in use; for metrics and REST.
  [[nodiscard]] virtual std::int64_t totalSegments() const = 0;
  [[nodiscard]] virtual std::int64_t usedSegments() const = 0;
  /// What partitions and gates would use at most, in percent of the total (Flink's
  /// RequestedMemoryUsage).
  [[nodiscard]] virtual int requestedUsagePercent() const = 0;
  virtual void stop() = 0;
};

/// `hello` are the first bytes of every connection this worker opens (protocol/data_hello.h).
std::unique_ptr<NetworkEnvironment> makeNetworkEnvironment(NetworkSettings settings, Bytes hello,
                                                           StreamTransport& transport,
                                                           Executor& executor, FileSystem& files);

/// The real StreamTransport: Asio on `numThreads` io threads.
std::unique_ptr<StreamTransport> makeAsioStreamTransport(int numThreads);

}  // namespace flink::network
