#include "tests/dataflow/network/test_tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>

namespace flink::network {
namespace {

/// Number in the channel, and records emitted before.
constexpr std::size_t kRecordHeadBytes = 16;

std::byte patternAt(std::uint64_t number, std::size_t index) {
  return static_cast<std::byte>((number * 31 + index * 7) & 0xFF);
}

}  // namespace

void TestTask::start(Executor& executor) {
  handleSet_.set_value(executor.add(*this));
}

TestProducer::TestProducer(std::unique_ptr<ResultPartition> partition, ProducerPlan plan)
    : partition_(std::move(partition)),
      plan_(plan),
      rng_(makeSeededRng(plan.seed)),
      nextNumber_(static_cast<std::size_t>(partition_->numChannels()), 0),
      total_(plan.recordsPerChannel * static_cast<std::uint64_t>(partition_->numChannels())) {
  partition_->setAvailabilityCallback([this] { wake(); });
}

StepResult TestProducer::step(Duration /*budget*/) {
  ++steps_;
  int inThisStep = 0;
  while (!allEmitted() && !partition_->released()) {
    if (!plan_.greedy) {
      if (!partition_->isAvailable()) {
        partition_->flush();
        return partition_->isAvailable() ? StepResult::kProgress : StepResult::kWaitingOutput;
      }
      if (++inThisStep > 1000) return StepResult::kProgress;
    }
    emitOne();
  }
  if (finishStatus_.isOk())
    finishStatus_ =
        partition_->broadcastEvent({ChannelEvent::Type::kEndOfData, 0, 0, ChannelEvent::kDrained});
  if (plan_.checkpointEvery != 0 && rng_->below(2) == 0) broadcastCheckpoint();
  if (finishStatus_.isOk()) finishStatus_ = partition_->finish();
  partition_->setAvailabilityCallback(nullptr);
  return done();
}

void TestProducer::broadcastCheckpoint() {
  const auto type = rng_->below(8) == 0 ? ChannelEvent::Type::kCancelCheckpoint
                                        : ChannelEvent::Type::kCheckpointBarrier;
  Status sent =
      partition_->broadcastEvent({type, ++lastCheckpoint_, static_cast<std::int64_t>(emitted_), 0});
  if (finishStatus_.isOk()) finishStatus_ = std::move(sent);
}

void TestProducer::emitOne() {
  if (plan_.checkpointEvery != 0 && rng_->below(plan_.checkpointEvery) == 0) broadcastCheckpoint();
  auto channel = static_cast<std::size_t>(rng_->below(nextNumber_.size()));
  while (nextNumber_[channel] == plan_.recordsPerChannel)
    channel = (channel + 1) % nextNumber_.size();
  const std::uint64_t number = nextNumber_[channel]++;
  const bool large = plan_.largeEvery != 0 && rng_->below(plan_.largeEvery) == 0;
  const std::size_t size = large
                               ? plan_.largeBytes + rng_->below(plan_.largeBytes)
                               : plan_.minBytes + rng_->below(plan_.maxBytes - plan_.minBytes + 1);
  scratch_.resize(size);
  std::memcpy(scratch_.data(), &number, sizeof number);
  std::memcpy(scratch_.data() + sizeof number, &emitted_, sizeof emitted_);
  for (std::size_t i = kRecordHeadBytes; i < size; ++i) scratch_[i] = patternAt(number, i);

  const int target = static_cast<int>(channel);
  auto* window = &partition_->window(target);
  if (window->free() < size + 4) partition_->nextSegment(target);
  if (window->free() < size + 4) {
    partition_->writeLarge(target, static_cast<std::uint32_t>(scratch_.size()), scratch_);
  } else {
    const auto length = static_cast<std::uint32_t>(size);
    std::memcpy(window->pos, &length, sizeof length);
    std::memcpy(window->pos + 4, scratch_.data(), size);
    window->pos += 4 + size;
  }
  ++emitted_;
  if (plan_.flushEvery != 0 && rng_->below(plan_.flushEvery) == 0) partition_->flush();
}

TestConsumer::TestConsumer(std::unique_ptr<InputGate> gate, bool slow)
    : gate_(std::move(gate)),
      slow_(slow),
      channels_(static_cast<std::size_t>(gate_->numChannels())) {}

StepResult TestConsumer::step(Duration /*budget*/) {
  if (!std::exchange(started_, true)) gate_->start([this] { wake(); });
  for (int i = 0; i < 20; ++i) {
    if (gate_->finished() || !problem_.empty() || records_.load() >= closeAfter_) {
      return end();
    }
    Result<std::unique_ptr<InputBuffer>> polled = gate_->poll();
    if (!polled.isOk()) {
      failure_ = polled.status();
      return end();
    }
    if (*polled == nullptr) {
      held_.clear();
      if (resumeRandomlyBlocked()) continue;
      return gate_->hasData() ? StepResult::kProgress : StepResult::kWaitingInput;
    }
    if (channels_[static_cast<std::size_t>((*polled)->channel)].blocked)
      problem_ = fmt::format("channel {}: data while blocked", (*polled)->channel);
    if ((*polled)->event.has_value()) {
      takeEvent((*polled)->channel, *(*polled)->event);
      continue;
    }
    take(**polled);
    if (rng_ != nullptr && rng_->below(10) == 0) blockSome();
    if (slow_) {
      held_.push_back(std::move(*polled));
      if (held_.size() > 3) held_.erase(held_.begin());
      if (buffers_ % 7 == 0) return StepResult::kProgress;
    }
  }
  return StepResult::kProgress;
}

StepResult TestConsumer::end() {
  held_.clear();
  gate_->close();
  ended_.store(true);
  return done();
}

void TestConsumer::take(const InputBuffer& buffer) {
  ++buffers_;
  std::string& part = channels_[static_cast<std::size_t>(buffer.channel)].part;
  if (buffer.view.startsInside == part.empty())
    problem_ = fmt::format("channel {}: wrong cut mark", buffer.channel);
  part += asText(buffer.view.data);
  std::size_t offset = 0;
  while (part.size() - offset >= 4) {
    std::uint32_t length = 0;
    std::memcpy(&length, part.data() + offset, sizeof length);
    if (part.size() - offset - 4 < length) break;
    check(buffer.channel, asBytes(part).subspan(offset + 4, length));
    offset += 4 + length;
  }
  part.erase(0, offset);
  if (buffer.view.endsInside == part.empty())
    problem_ = fmt::format("channel {}: wrong end mark", buffer.channel);
}

void TestConsumer::takeEvent(int index, const ChannelEvent& event) {
  Channel& channel = channels_[static_cast<std::size_t>(index)];
  if (!channel.part.empty()) problem_ = fmt::format("channel {}: event inside a record", index);
  switch (event.type) {
    case ChannelEvent::Type::kEndOfPartition:
      if (!channel.dataEnded) problem_ = fmt::format("channel {}: no end of data", index);
      channel.ended = true;
      break;
    case ChannelEvent::Type::kEndOfData:
      if (event.options != ChannelEvent::kDrained || channel.dataEnded)
        problem_ = fmt::format("channel {}: wrong end of data", index);
      channel.dataEnded = true;
      return;
    case ChannelEvent::Type::kCheckpointBarrier:
      channel.checkpointFrom = static_cast<std::uint64_t>(event.timestampMs);
      if (channel.recordsEnd > channel.checkpointFrom)
        problem_ = fmt::format("channel {}: record of checkpoint {} before its barrier", index,
                               event.checkpointId);
      channel.blocked = true;
      gate_->blockChannel(index);
      [[fallthrough]];
    case ChannelEvent::Type::kCancelCheckpoint:
      if (event.type == ChannelEvent::Type::kCancelCheckpoint)
        cancelled_.insert(event.checkpointId);
      if (event.checkpointId != ++channel.checkpoint)
        problem_ = fmt::format("channel {}: checkpoint {} where {} should be", index,
                               event.checkpointId, channel.checkpoint);
      break;
  }
  align();
}

void TestConsumer::align() {
  std::uint64_t everywhere = ~0ULL;  // the last checkpoint that all channels have delivered
  for (const Channel& channel : channels_) {
    if (!channel.ended) everywhere = std::min(everywhere, channel.checkpoint);
  }
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    Channel& channel = channels_[i];
    if (!channel.blocked || channel.blockedAtRandom) continue;
    if (channel.checkpoint > everywhere && cancelled_.count(channel.checkpoint) == 0) continue;
    channel.blocked = false;
    gate_->resumeChannel(static_cast<int>(i));
  }
}

void TestConsumer::blockSome() {
  const auto index = static_cast<std::size_t>(rng_->below(channels_.size()));
  if (channels_[index].blocked || channels_[index].ended) return;
  channels_[index].blocked = channels_[index].blockedAtRandom = true;
  gate_->blockChannel(static_cast<int>(index));
}

bool TestConsumer::resumeRandomlyBlocked() {
  bool any = false;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    if (!channels_[i].blockedAtRandom) continue;
    channels_[i].blocked = channels_[i].blockedAtRandom = false;
    gate_->resumeChannel(static_cast<int>(i));
    any = true;
  }
  return any;
}

void TestConsumer::check(int index, ByteView record) {
  Channel& channel = channels_[static_cast<std::size_t>(index)];
  std::uint64_t number = 0, emittedBefore = 0;
  if (record.size() < kRecordHeadBytes) {
    problem_ = "record too short";
    return;
  }
  std::memcpy(&number, record.data(), sizeof number);
  std::memcpy(&emittedBefore, record.data() + sizeof number, sizeof emittedBefore);
  if (number != channel.nextNumber)
    problem_ =
        fmt::format("channel {}: record {} where {} should be", index, number, channel.nextNumber);
  if (channel.dataEnded || emittedBefore < channel.checkpointFrom)
    problem_ = fmt::format("channel {}: record {} after its barrier or the end", index, number);
  channel.recordsEnd = emittedBefore + 1;
  for (std::size_t i = kRecordHeadBytes; i < record.size(); ++i) {
    if (record[i] != patternAt(number, i)) {
      problem_ = fmt::format("channel {}: record {} differs at byte {} of {}", index, number, i,
                             record.size());
      return;
    }
  }
  ++channel.nextNumber;
  records_.fetch_add(1);
}

struct GateReader::Signal {
  std::mutex mutex;
  std::condition_variable changed;
  bool set = false;
};

GateReader::GateReader(std::unique_ptr<InputGate> gate)
    : signal_(std::make_shared<Signal>()), gate_(std::move(gate)) {
  gate_->start([signal = signal_] {
    const std::lock_guard lock(signal->mutex);
    signal->set = true;
    signal->changed.notify_all();
  });
}

GateReader::~GateReader() {
  gate_->close();
}

std::unique_ptr<InputBuffer> GateReader::next(std::chrono::seconds limit) {
  while (true) {
    auto polled = gate_->poll();
    if (!polled.isOk()) {
      failure_ = polled.status();
      return nullptr;
    }
    if (*polled != nullptr) return std::move(polled).value();
    std::unique_lock lock(signal_->mutex);
    if (!signal_->changed.wait_for(lock, limit, [this] { return signal_->set; })) return nullptr;
    signal_->set = false;
  }
}

Status GateReader::nextFailure() {
  while (next() != nullptr) {
  }
  return failure_;
}

void writeRecord(ResultPartition& partition, int channel, std::string_view record) {
  auto& window = partition.window(channel);
  if (window.free() < record.size() + 4) partition.nextSegment(channel);
  if (window.free() < record.size() + 4) {
    partition.writeLarge(channel, static_cast<std::uint32_t>(record.size()), asBytes(record));
    return;
  }
  const auto length = static_cast<std::uint32_t>(record.size());
  std::memcpy(window.pos, &length, sizeof length);
  std::memcpy(window.pos + 4, record.data(), record.size());
  window.pos += 4 + record.size();
}

std::vector<std::string> recordsOf(const InputBuffer& buffer) {
  std::vector<std::string> records;
  const std::string_view text = asText(buffer.view.data);
  std::size_t offset = 0;
  while (offset < text.size()) {
    std::uint32_t length = 0;
    std::memcpy(&length, text.data() + offset, sizeof length);
    records.emplace_back(text.substr(offset + 4, length));
    offset += 4 + length;
  }
  return records;
}

}  // namespace flink::network
