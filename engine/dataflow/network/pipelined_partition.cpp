#include "dataflow/network/pipelined_partition.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/check.h"
#include "core/base/error_codes.h"

namespace flink::network {

PipelinedPartition::PipelinedPartition(const PipelinedPartitionSettings& settings,
                                       Executor& executor, std::function<void()> onConsumed)
    : settings_(settings),
      executor_(executor),
      onConsumed_(std::move(onConsumed)),
      numOpen_(settings.numSubpartitions),
      numQueued_(static_cast<std::size_t>(settings.numSubpartitions), 0),
      atLimit_(static_cast<std::size_t>(settings.numSubpartitions), false) {
  for (int i = 0; i < settings.numSubpartitions; ++i)
    subpartitions_.emplace_back([this] { onSubpartitionDone(); });
}

PipelinedPartition::~PipelinedPartition() = default;

Result<std::shared_ptr<PipelinedPartition>> PipelinedPartition::create(
    const PipelinedPartitionSettings& settings, NetworkBufferPool& memory, int maxSegments,
    Executor& executor, std::function<void()> onConsumed) {
  auto partition = std::make_shared<PipelinedPartition>(settings, executor, std::move(onConsumed));
  auto onRoom = [weak = std::weak_ptr(partition)] {
    if (const auto self = weak.lock()) self->onRoom();
  };
  FLINK_ASSIGN_OR_RETURN(partition->pool_, memory.createPool(settings.numSubpartitions + 1,
                                                             maxSegments, std::move(onRoom)));
  return partition;
}

std::byte* PipelinedPartition::acquire() {
  MutexLock lock(mutex_);
  std::byte* segment = pool_->acquire(settings_.maxOverdraftBuffers);
  if (segment == nullptr || pool_->inUse() >= pool_->size()) {
    poolLow_ = true;
    available_.store(false, std::memory_order_release);
  }
  return segment;
}

void PipelinedPartition::returnUnused(std::byte* segment) {
  pool_->release(segment);
  bool becameAvailable = false;
  {
    MutexLock lock(mutex_);
    becameAvailable = updateAvailability();
  }
  if (becameAvailable) tellAvailable();
}

void PipelinedPartition::add(int channel, std::byte* segment, std::uint32_t size,
                             std::uint8_t flags, BufferCodec* codec) {
  const auto index = static_cast<std::size_t>(channel);
  {
    MutexLock lock(mutex_);
    if (++numQueued_[index] >= settings_.maxBuffersPerChannel && !atLimit_[index]) {
      atLimit_[index] = true;
      ++numAtLimit_;
      available_.store(false, std::memory_order_release);
    }
  }
  Buffer buffer(segment, shared_from_this(), static_cast<std::uint32_t>(channel));
  buffer.size = size;
  buffer.flags = flags;
  if (codec != nullptr) codec->compress(buffer);
  subpartition(channel).add(std::move(buffer));
}

void PipelinedPartition::recycle(std::byte* segment, std::uint32_t channel) {
  pool_->release(segment);
  bool becameAvailable = false;
  {
    MutexLock lock(mutex_);
    const int left = --numQueued_[channel];
    if (atLimit_[channel] && left <= settings_.maxBuffersPerChannel / 2) {
      atLimit_[channel] = false;
      --numAtLimit_;
    }
    becameAvailable = updateAvailability();
  }
  if (becameAvailable) tellAvailable();
}

bool PipelinedPartition::updateAvailability() {
  if (poolLow_) {
    // Every channel may keep one segment in its window for as long as the task waits.
    const int spare = pool_->size() - settings_.numSubpartitions;
    poolLow_ = pool_->inUse() > settings_.numSubpartitions + spare / 2;
  }
  if (poolLow_ || numAtLimit_ > 0 || available_.load(std::memory_order_relaxed)) return false;
  available_.store(true, std::memory_order_release);
  return true;
}

void PipelinedPartition::onRoom() {
  bool becameAvailable = false;
  {
    MutexLock lock(mutex_);
    poolLow_ = false;
    becameAvailable = updateAvailability();
  }
  if (becameAvailable) tellAvailable();
}

void PipelinedPartition::tellAvailable() {
  executor_.notify(*this);
  std::shared_ptr<std::function<void()>> callback;
  {
    MutexLock lock(mutex_);
    callback = callback_;
  }
  if (callback != nullptr) (*callback)();
}

void PipelinedPartition::setAvailabilityCallback(std::function<void()> onAvailable) {
  MutexLock lock(mutex_);
  callback_ =
      onAvailable ? std::make_shared<std::function<void()>>(std::move(onAvailable)) : nullptr;
}

bool PipelinedPartition::addEvent(const ChannelEvent& event) {
  bool all = true;
  for (PipelinedSubpartition& subpartition : subpartitions_) {
    if (!subpartition.addEvent(event)) all = false;
  }
  return all;
}

void PipelinedPartition::finish() {
  for (PipelinedSubpartition& subpartition : subpartitions_) subpartition.finish();
  pool_->close();
}

void PipelinedPartition::onSubpartitionDone() {
  if (numOpen_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  consumed_.store(true, std::memory_order_release);
  onConsumed_();
  tellAvailable();
}

Result<std::shared_ptr<SubpartitionView>> PipelinedPartition::createView(
    int index, std::weak_ptr<SubpartitionListener> listener) {
  if (index < 0 || index >= settings_.numSubpartitions) {
    return Status(ErrorCode::kInvalidArgument,
                  fmt::format("no such subpartition: partition={} subpartition={} subpartitions={}",
                              settings_.id.toString(), index, settings_.numSubpartitions));
  }
  if (!subpartition(index).attach(std::move(listener))) {
    return Status(ErrorCode::kInvalidArgument,
                  fmt::format("subpartition already has its consumer: partition={} subpartition={}",
                              settings_.id.toString(), index));
  }
  return std::shared_ptr<SubpartitionView>(shared_from_this(), &subpartition(index));
}

void PipelinedPartition::release(Status reason) {
  if (released_.exchange(true, std::memory_order_acq_rel)) return;
  const Status seen = Status(ErrorCode::kConnectionLost,
                             fmt::format("the producer gave up its partition: partition={}",
                                         settings_.id.toString()))
                          .causedBy(std::move(reason));
  for (PipelinedSubpartition& subpartition : subpartitions_) subpartition.fail(seen);
  pool_->close();
  tellAvailable();
}

OutputFigures PipelinedPartition::outputFigures() const {
  OutputFigures figures;
  for (const PipelinedSubpartition& subpartition : subpartitions_) {
    figures.queuedBuffers += subpartition.queuedBuffers();
    figures.queuedBytes += subpartition.queuedBytes();
  }
  figures.poolInUse = pool_->inUse();
  figures.poolSize = pool_->size();
  return figures;
}

PipelinedResultPartition::PipelinedResultPartition(const PartitionSpec& spec,
                                                   std::uint32_t segmentBytes,
                                                   std::shared_ptr<OutputProbe> probe,
                                                   std::shared_ptr<PipelinedPartition> shared,
                                                   Executor& executor)
    : PartitionWriter(spec, segmentBytes, std::move(probe)),
      shared_(std::move(shared)),
      executor_(executor),
      codec_(spec.compressed ? std::make_unique<BufferCodec>(segmentBytes) : nullptr) {}

PipelinedResultPartition::~PipelinedResultPartition() {
  returnWindows();
  shared_->setAvailabilityCallback(nullptr);
  if (!finished_)
    shared_->release(
        Status(ErrorCode::kCancelled, "the producing task ended before its output was complete"));
}

void PipelinedResultPartition::setAvailabilityCallback(std::function<void()> onAvailable) {
  shared_->setAvailabilityCallback(std::move(onAvailable));
}

std::byte* PipelinedResultPartition::passOn(int channel, std::uint32_t size, std::uint8_t flags) {
  FLINK_DCHECK(!dataEnded_, "a task emitted after its kEndOfData");
  // Compressing what stays in this process would only cost.
  BufferCodec* codec = carriesHash(channel) ? nullptr : codec_.get();
  shared_->add(channel, open(channel).start, size, flags, codec);
  return nullptr;
}

std::byte* PipelinedResultPartition::provideSegment(int /*channel*/) {
  while (!released()) {
    if (std::byte* segment = shared_->acquire(); segment != nullptr) return segment;
    executor_.await(*shared_);
  }
  return nullptr;
}

void PipelinedResultPartition::flush() {
  if (released()) return;
  for (int channel = 0; channel < numChannels(); ++channel) {
    const std::uint32_t size = pending(channel);
    if (size == 0) continue;
    // While the consumer has not come for the last buffer yet, what is new goes into that one.
    const ByteView data(open(channel).start, size);
    const bool plain = codec_ == nullptr || carriesHash(channel);
    if (plain && !open(channel).startsInside && shared_->append(channel, data, capacity())) {
      probe().countBytes(size);
      window(channel).pos = open(channel).start;
      continue;
    }
    passOnPending(channel, false);
  }
}

Status PipelinedResultPartition::broadcastEvent(const ChannelEvent& event) {
  if (finished_ || released()) return Status::ok();
  FLINK_RETURN_IF_ERROR(checkBroadcast(event));
  flush();
  if (!shared_->addEvent(event)) {
    return Status(ErrorCode::kLimitExceeded,
                  fmt::format("a consumer has not taken its events for too long (look at its task, "
                              "or checkpoint less often): producer=\"{}\" waiting={}",
                              owner(), kMaxWaitingEvents));
  }
  dataEnded_ = dataEnded_ || event.type == ChannelEvent::Type::kEndOfData;
  return Status::ok();
}

Status PipelinedResultPartition::finish() {
  if (finished_ || released()) return Status::ok();
  finished_ = true;
  flush();
  returnWindows();
  shared_->finish();
  return Status::ok();
}

void PipelinedResultPartition::returnWindows() {
  for (int channel = 0; channel < numChannels(); ++channel) {
    if (open(channel).start != nullptr) shared_->returnUnused(open(channel).start);
    setSegment(channel, nullptr);
  }
}

}  // namespace flink::network
