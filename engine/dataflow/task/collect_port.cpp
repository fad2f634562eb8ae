#include "dataflow/task/collect_port.h"

#include <utility>

namespace flink::task {

bool CollectPort::send(const std::string& collectId, std::vector<std::string>& records) {
  while (!ready()) executor_.await(*this);
  if (closed_.load(std::memory_order_acquire)) return false;
  inFlight_.fetch_add(1, std::memory_order_acq_rel);
  // Answered at most once, however often it is called.
  auto room = [self = shared_from_this(), answered = std::make_shared<std::atomic<bool>>(false)] {
    if (!answered->exchange(true)) self->onRoom();
  };
  listener_.onCollect(attempt_, collectId, std::exchange(records, {}), std::move(room));
  return true;
}

void CollectPort::onRoom() {
  inFlight_.fetch_sub(1, std::memory_order_acq_rel);
  // After close() the executor may be gone, and nobody waits.
  if (!closed_.load(std::memory_order_acquire)) executor_.notify(*this);
}

void CollectPort::close() {
  if (!closed_.exchange(true, std::memory_order_acq_rel)) executor_.notify(*this);
}

}  // namespace flink::task
