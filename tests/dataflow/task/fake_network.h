#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error_codes.h"
#include "dataflow/network/network_environment.h"

namespace flink::task {

/// One channel in memory: a bounded queue of segments, with events between them, from a partition
/// to a gate.
struct FakeChannel {
  static constexpr std::size_t kLimit = 4;
  struct Item {
    std::vector<std::byte> segment;
    std::optional<network::ChannelEvent> event;
  };
  std::mutex mutex;
  std::deque<Item> queue;
  std::size_t numSegments = 0;
  bool ended = false, failed = false;
  Status failure;
  std::function<void()> onData, onRoom;

  void put(std::vector<std::byte> segment) {
    change([&] { queue.push_back({std::move(segment), std::nullopt}), ++numSegments; }, onData);
  }
  void putEvent(const network::ChannelEvent& event) {
    change([&] { queue.push_back({{}, event}); }, onData);
  }
  void end() {
    change(
        [&] {
          queue.push_back({{}, network::ChannelEvent{}});
          ended = true;
        },
        onData);
  }
  void fail(Status reason) {
    change([&] { failed = true, failure = std::move(reason); }, onData);
  }
  [[nodiscard]] bool full() {
    const std::lock_guard lock(mutex);
    return numSegments >= kLimit;
  }

  void change(const std::function<void()>& how, std::function<void()>& listener) {
    std::function<void()> call;
    {
      const std::lock_guard lock(mutex);
      how();
      call = listener;
    }
    if (call) call();
  }
};

using FakeChannelKey = std::pair<ResultPartitionId, int>;

class FakePartition final : public network::ResultPartition, private WaitCondition {
 public:
  FakePartition(std::vector<std::shared_ptr<FakeChannel>> channels, Executor& executor,
                std::size_t segmentBytes)
      : channels_(std::move(channels)),
        executor_(executor),
        segmentBytes_(segmentBytes),
        windowStore_(channels_.size()),
        segments_(channels_.size()) {
    windows_ = windowStore_;
  }
  ~FakePartition() override { listen(nullptr); }

  [[nodiscard]] bool carriesHash(int /*channel*/) const override { return false; }
  void nextSegment(int channel) override {
    passOn(channel);
    while (!released_ && channels_[static_cast<std::size_t>(channel)]->full())
      executor_.await(*this);
    auto& segment = segments_[static_cast<std::size_t>(channel)];
    segment.resize(segmentBytes_);
    window(channel) = {segment.data(), segment.data() + segment.size()};
  }
  void writeLarge(int /*channel*/, std::uint32_t /*lengthWord*/, ByteView /*record*/) override {}
  [[nodiscard]] bool released() const override { return released_; }
  [[nodiscard]] bool isAvailable() const override {
    return std::none_of(channels_.begin(), channels_.end(),
                        [](const auto& channel) { return channel->full(); });
  }
  void setAvailabilityCallback(std::function<void()> onAvailable) override {
    callback_ = std::move(onAvailable);
    listen([this] {
      executor_.notify(*this);
      callback_();
    });
  }
  void flush() override {
    ++numFlushes;
    for (int channel = 0; channel < numChannels(); ++channel) passOn(channel);
  }
  Status broadcastEvent(const network::ChannelEvent& event) override {
    flush();
    if (released_) return Status::ok();
    for (const auto& channel : channels_) channel->putEvent(event);
    return Status::ok();
  }
  Status finish() override {
    flush();
    for (const auto& channel : channels_) channel->end();
    finished_ = true;
    return Status::ok();
  }
  [[nodiscard]] bool consumed() const override { return false; }
  [[nodiscard]] std::int64_t bytesOut() const override { return bytesOut_; }
  [[nodiscard]] std::int64_t buffersOut() const override { return buffersOut_; }
  void release(Status reason) override {
    if (released_.exchange(true)) return;
    if (!finished_) {
      for (const auto& channel : channels_) channel->fail(reason);
    }
    executor_.notify(*this);
    if (callback_) callback_();
  }

  std::atomic<int> numFlushes{0};

 private:
  [[nodiscard]] bool ready() const override { return released_ || isAvailable(); }
  void listen(std::function<void()> onRoom) {
    for (const auto& channel : channels_) {
      const std::lock_guard lock(channel->mutex);
      channel->onRoom = onRoom;
    }
  }
  void passOn(int channel) {
    Window& open = window(channel);
    const auto index = static_cast<std::size_t>(channel);
    const auto size = open.pos == nullptr
                          ? std::size_t{0}
                          : static_cast<std::size_t>(open.pos - segments_[index].data());
    if (size == 0) return;
    if (!released_)
      channels_[index]->put({segments_[index].data(), segments_[index].data() + size});
    bytesOut_ += static_cast<std::int64_t>(size);
    ++buffersOut_;
    open = {};
  }

  const std::vector<std::shared_ptr<FakeChannel>> channels_;
  Executor& executor_;
  const std::size_t segmentBytes_;
  std::vector<Window> windowStore_;
  std::vector<std::vector<std::byte>> segments_;
  std::function<void()> callback_;
  std::atomic<bool> released_{false}, finished_{false};
  std::atomic<std::int64_t> bytesOut_{0}, buffersOut_{0};
};

class FakeGate final : public network::InputGate {
 public:
  explicit FakeGate(std::vector<std::shared_ptr<FakeChannel>> channels)
      : channels_(std::move(channels)), blocked_(channels_.size(), false) {}
  ~FakeGate() override { close(); }

  void start(std::function<void()> onAvailable) override {
    for (const auto& channel : channels_)
      channel->change([&] { channel->onData = onAvailable; }, channel->onData);
    onAvailable_ = std::move(onAvailable);
  }
  Result<std::unique_ptr<network::InputBuffer>> poll() override {
    for (std::size_t tried = 0; tried < channels_.size(); ++tried) {
      next_ = (next_ + 1) % channels_.size();
      FakeChannel& channel = *channels_[next_];
      std::unique_ptr<network::InputBuffer> result;
      std::function<void()> onRoom;
      {
        const std::lock_guard lock(channel.mutex);
        if (channel.failed) return channel.failure;
        if (blocked_[next_] || channel.queue.empty()) continue;
        auto buffer = std::make_unique<OwningBuffer>();
        buffer->bytes = std::move(channel.queue.front().segment);
        buffer->view.data = buffer->bytes;
        buffer->event = channel.queue.front().event;
        channel.queue.pop_front();
        if (!buffer->event) {
          --channel.numSegments;
          onRoom = channel.onRoom;
        } else if (buffer->event->type == network::ChannelEvent::Type::kEndOfPartition) {
          ++numEnded_;
        }
        result = std::move(buffer);
      }
      if (onRoom) onRoom();
      result->channel = static_cast<int>(next_);
      return result;
    }
    return std::unique_ptr<network::InputBuffer>();
  }
  /// True when poll() gives something now, or a failure.
  [[nodiscard]] bool hasData() const override {
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      const std::lock_guard lock(channels_[i]->mutex);
      if (channels_[i]->failed || (!blocked_[i] && !channels_[i]->queue.empty())) return true;
    }
    return false;
  }
  void blockChannel(int channel) override { blocked_[static_cast<std::size_t>(channel)] = true; }
  void resumeChannel(int channel) override {
    blocked_[static_cast<std::size_t>(channel)] = false;
    if (onAvailable_) onAvailable_();
  }
  [[nodiscard]] bool isBlocked(int channel) const {
    return blocked_[static_cast<std::size_t>(channel)];
  }
  [[nodiscard]] int numChannels() const override { return static_cast<int>(channels_.size()); }
  [[nodiscard]] bool finished() const override { return numEnded_ == channels_.size(); }
  void close() override {
    for (const auto& channel : channels_) {
      const std::lock_guard lock(channel->mutex);
      channel->onData = nullptr;
    }
  }

 private:
  struct OwningBuffer final : network::InputBuffer {
    std::vector<std::byte> bytes;
  };
  const std::vector<std::shared_ptr<FakeChannel>> channels_;
  std::vector<bool> blocked_;
  std::function<void()> onAvailable_;
  std::size_t next_ = 0;
  std::size_t numEnded_ = 0;
};

/// Connects partitions and gates of one process, in memory.
class FakeNetwork final : public network::NetworkEnvironment {
 public:
  explicit FakeNetwork(Executor& executor, std::size_t segmentBytes = 1024)
      : executor_(executor), segmentBytes_(segmentBytes) {}

  std::shared_ptr<FakeChannel> channel(const ResultPartitionId& partition, int subpartition) {
    const std::lock_guard lock(mutex_);
    auto& slot = channels_[{partition, subpartition}];
    if (slot == nullptr) slot = std::make_shared<FakeChannel>();
    return slot;
  }
  Result<std::unique_ptr<network::ResultPartition>> createPartition(
      const network::PartitionSpec& spec,
      std::shared_ptr<metrics::MetricGroup> /*group*/) override {
    if (failPartitions) return Status(ErrorCode::kInsufficientNetworkBuffers, "none left");
    std::vector<std::shared_ptr<FakeChannel>> channels;
    for (std::size_t i = 0; i < spec.localConsumers.size(); ++i)
      channels.push_back(channel(spec.id, static_cast<int>(i)));
    auto partition = std::make_unique<FakePartition>(std::move(channels), executor_, segmentBytes_);
    lastPartition = partition.get();
    return std::unique_ptr<network::ResultPartition>(std::move(partition));
  }
  Result<std::unique_ptr<network::InputGate>> createGate(
      const network::GateSpec& spec, std::shared_ptr<metrics::MetricGroup> /*group*/) override {
    std::vector<std::shared_ptr<FakeChannel>> channels;
    for (const auto& from : spec.channels)
      channels.push_back(channel(from.partition, from.subpartition));
    return std::unique_ptr<network::InputGate>(std::make_unique<FakeGate>(std::move(channels)));
  }
  /// What comes next meets new channels, as after a restart.
  void forgetChannels() {
    const std::lock_guard lock(mutex_);
    channels_.clear();
  }
  void acceptConnection(std::unique_ptr<StreamConnection> /*connection*/) override {}
  void releasePartition(const ResultPartitionId& /*id*/) override {}
  void addMemory(std::int64_t /*bytes*/) override {}
  [[nodiscard]] std::int64_t totalSegments() const override { return 0; }
  [[nodiscard]] std::int64_t usedSegments() const override { return 0; }
  [[nodiscard]] int requestedUsagePercent() const override { return 0; }
  void stop() override {}

  bool failPartitions = false;
  FakePartition* lastPartition = nullptr;

 private:
  Executor& executor_;
  const std::size_t segmentBytes_;
  std::mutex mutex_;
  std::map<FakeChannelKey, std::shared_ptr<FakeChannel>> channels_;
};

}  // namespace flink::task
