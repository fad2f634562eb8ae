#include "dataflow/network/blocking_partition.h"

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "dataflow/network/blocking_view.h"

namespace flink::network {
namespace {
Logger kLog{"flink.network"};
}  // namespace

BlockingPartition::BlockingPartition(ResultPartitionId id, std::string path, int numSubpartitions,
                                     std::shared_ptr<memory::SegmentPool> readAhead,
                                     FileSystem& files, Executor& executor)
    : id_(id),
      path_(std::move(path)),
      numSubpartitions_(numSubpartitions),
      readAhead_(std::move(readAhead)),
      files_(files),
      executor_(executor) {}

BlockingPartition::~BlockingPartition() {
  // Views keep the partition alive, so nobody reads the file any more.
  if (Status removed = files_.removeAll(path_); !removed.isOk()) {
    FLINK_WARN(kLog, "partition file stays behind: path={} error={}", path_, removed.toString());
  }
}

void BlockingPartition::complete(std::vector<std::vector<StoredBuffer>> index,
                                 const std::optional<ChannelEvent>& endOfData) {
  index_ = std::move(index);
  endOfData_ = endOfData;
}

Result<std::shared_ptr<SubpartitionView>> BlockingPartition::createView(
    int index, std::weak_ptr<SubpartitionListener> listener) {
  if (index < 0 || index >= numSubpartitions_) {
    return Status(ErrorCode::kInvalidArgument,
                  fmt::format("no such subpartition: partition={} subpartition={} subpartitions={}",
                              id_.toString(), index, numSubpartitions_));
  }
  if (isReleased()) return releaseReason();
  return std::shared_ptr<SubpartitionView>(
      BlockingSubpartitionView::create(shared_from_this(), index, std::move(listener)));
}

Result<std::shared_ptr<ReadableFile>> BlockingPartition::openFile() {
  MutexLock lock(fileMutex_);
  if (auto file = file_.lock(); file != nullptr) return file;
  FLINK_ASSIGN_OR_RETURN(std::shared_ptr<ReadableFile> file, files_.openRead(path_));
  file_ = file;
  return file;
}

void BlockingPartition::release(Status reason) {
  MutexLock lock(mutex_);
  if (released_.load(std::memory_order_relaxed)) return;
  reason_ = Status(ErrorCode::kConnectionLost,
                   fmt::format("the producer gave up its partition: partition={}", id_.toString()))
                .causedBy(std::move(reason));
  released_.store(true, std::memory_order_release);
}

Status BlockingPartition::releaseReason() const {
  MutexLock lock(mutex_);
  return reason_;
}

BlockingResultPartition::BlockingResultPartition(const PartitionSpec& spec,
                                                 std::shared_ptr<OutputProbe> probe,
                                                 Collaborators with)
    : PartitionWriter(spec, static_cast<std::uint32_t>(with.memory->segmentBytes()),
                      std::move(probe)),
      with_(std::move(with)),
      codec_(spec.compressed ? std::make_unique<BufferCodec>(
                                   static_cast<std::uint32_t>(with_.memory->segmentBytes()))
                             : nullptr),
      index_(spec.localConsumers.size()) {}

BlockingResultPartition::~BlockingResultPartition() {
  for (int channel = 0; channel < numChannels(); ++channel) {
    if (open(channel).start != nullptr) with_.memory->release(open(channel).start);
  }
  if (!complete_)
    with_.shared->release(
        Status(ErrorCode::kCancelled, "the producing task ended before its output was complete"));
}

void BlockingResultPartition::release(Status reason) {
  with_.shared->release(std::move(reason));
  with_.room->wake();
}

std::byte* BlockingResultPartition::passOn(int channel, std::uint32_t size, std::uint8_t flags) {
  std::byte* segment = open(channel).start;
  if (writeFailed_) return segment;
  ByteView data(segment, size);
  if (codec_ != nullptr) {
    const ByteView smaller = codec_->compressed(data);
    if (smaller.size() < data.size()) flags |= buffer_flag::kCompressed;
    data = smaller;
  }
  if (Status appended = with_.file->append(data); !appended.isOk()) {
    writeError_ = std::move(appended);
    writeFailed_ = true;
    return segment;
  }
  index_[static_cast<std::size_t>(channel)].push_back(
      {offset_, static_cast<std::uint32_t>(data.size()), flags});
  offset_ += data.size();
  return segment;
}

std::byte* BlockingResultPartition::provideSegment(int /*channel*/) {
  while (!released()) {
    with_.room->arm();
    if (std::byte* segment = with_.memory->acquire(); segment != nullptr) return segment;
    if (!with_.shared->isReleased()) with_.room->wait();
  }
  return nullptr;
}

Status BlockingResultPartition::broadcastEvent(const ChannelEvent& event) {
  FLINK_RETURN_IF_ERROR(checkBroadcast(event));
  if (event.type != ChannelEvent::Type::kEndOfData) {
    return Status(ErrorCode::kUnsupported,
                  fmt::format("blocking partitions take no checkpoint barriers (batch jobs run "
                              "without checkpoints): producer=\"{}\" checkpoint={}",
                              owner(), event.checkpointId));
  }
  endOfData_ = event;
  return Status::ok();
}

Status BlockingResultPartition::finish() {
  if (complete_) return Status::ok();
  for (int channel = 0; channel < numChannels() && !released(); ++channel)
    passOnPending(channel, false);
  if (writeFailed_) return writeError_;
  if (with_.shared->isReleased()) return Status::ok();
  FLINK_RETURN_IF_ERROR(with_.file->close());
  complete_ = true;
  with_.shared->complete(std::move(index_), endOfData_);
  return with_.onComplete();
}

}  // namespace flink::network
