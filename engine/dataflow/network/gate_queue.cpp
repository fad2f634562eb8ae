#include "dataflow/network/gate_queue.h"

#include <utility>

namespace flink::network {

GateQueue::GateQueue(int numChannels)
    : ring_(static_cast<std::size_t>(numChannels)),
      states_(static_cast<std::size_t>(numChannels)) {}

void GateQueue::setCallback(std::function<void()> onAvailable) {
  MutexLock lock(mutex_);
  callback_ = std::make_shared<std::function<void()>>(std::move(onAvailable));
}

void GateQueue::markReady(int channel) {
  std::shared_ptr<std::function<void()>> callback;
  {
    MutexLock lock(mutex_);
    if (state(channel).queued) return;
    if (state(channel).blocked) {
      state(channel).readyWhenResumed = true;
      return;
    }
    callback = enqueue(channel);
  }
  if (callback != nullptr) (*callback)();
}

std::shared_ptr<std::function<void()>> GateQueue::enqueue(int channel) {
  state(channel).queued = true;
  const std::size_t numReady = numReady_.load(std::memory_order_relaxed);
  ring_[(head_ + numReady) % ring_.size()] = channel;
  numReady_.store(numReady + 1, std::memory_order_release);
  return numReady == 0 ? callback_ : nullptr;
}

void GateQueue::block(int channel) {
  MutexLock lock(mutex_);
  if (state(channel).blocked) return;
  state(channel).blocked = true;
  if (!state(channel).queued) return;
  state(channel) = {.queued = false, .blocked = true, .readyWhenResumed = true};
  // Mostly the last one: it was queued again when its barrier was taken.
  const std::size_t numReady = numReady_.load(std::memory_order_relaxed);
  std::size_t place = numReady - 1;
  while (ring_[(head_ + place) % ring_.size()] != channel) --place;
  for (; place + 1 < numReady; ++place)
    ring_[(head_ + place) % ring_.size()] = ring_[(head_ + place + 1) % ring_.size()];
  numReady_.store(numReady - 1, std::memory_order_release);
}

void GateQueue::resume(int channel) {
  std::shared_ptr<std::function<void()>> callback;
  {
    MutexLock lock(mutex_);
    const bool ready = state(channel).readyWhenResumed;
    if (!state(channel).blocked) return;
    state(channel) = {};
    if (ready) callback = enqueue(channel);
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
  state(channel).queued = false;
  numReady_.store(numReady - 1, std::memory_order_release);
  return channel;
}

bool GateQueue::isBlocked(int channel) const {
  MutexLock lock(mutex_);
  return states_[static_cast<std::size_t>(channel)].blocked;
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
