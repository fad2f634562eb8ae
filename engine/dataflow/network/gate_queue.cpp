#include "dataflow/network/gate_queue.h"

#include <utility>

namespace flink::network {

GateQueue::GateQueue(int numChannels)
    : ring_(static_cast<std::size_t>(numChannels)),
      queued_(static_cast<std::size_t>(numChannels), false) {}

void GateQueue::setCallback(std::function<void()> onAvailable) {
  MutexLock lock(mutex_);
  callback_ = std::make_shared<std::function<void()>>(std::move(onAvailable));
}

void GateQueue::markReady(int channel) {
  std::shared_ptr<std::function<void()>> callback;
  {
    MutexLock lock(mutex_);
    const auto index = static_cast<std::size_t>(channel);
    if (queued_[index]) return;
    queued_[index] = true;
    const std::size_t numReady = numReady_.load(std::memory_order_relaxed);
    ring_[(head_ + numReady) % ring_.size()] = channel;
    numReady_.store(numReady + 1, std::memory_order_release);
    if (numReady > 0) return;
    callback = callback_;
  }
  if (callback != nullptr) (*callback)();
}

std::optional<int> GateQueue::nextReady() {
  if (numReady_.load(std::memory_order_acquire) == 0) return std::nullopt;
  MutexLock lock(mutex_);
  const std::size_t numReady = numReady_.load(std::memory_order_relaxed);
  if (numReady == 0) return std::nullopt;
  const int channel = ring_[head_];
  head_ = (head_ + 1) % ring_.size();
  queued_[static_cast<std::size_t>(channel)] = false;
  numReady_.store(numReady - 1, std::memory_order_release);
  return channel;
}

void GateQueue::fail(Status reason) {
  std::shared_ptr<std::function<void()>> callback;
  {
    MutexLock lock(mutex_);
    if (!failure_.isOk()) return;
    failure_ = std::move(reason);
    failed_.store(true, std::memory_order_release);
    callback = callback_;
  }
  if (callback != nullptr) (*callback)();
}

Status GateQueue::failure() const {
  if (!failed_.load(std::memory_order_acquire)) return Status::ok();
  MutexLock lock(mutex_);
  return failure_;
}

void GateQueue::close() {
  MutexLock lock(mutex_);
  callback_ = nullptr;
}

}  // namespace flink::network
