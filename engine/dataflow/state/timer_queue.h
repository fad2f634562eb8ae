#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "core/types/key_group.h"
#include "dataflow/state/namespace.h"

namespace flink::state {

/// A timer that has been taken out of its queue.
struct DueTimer {
  const void* key = nullptr;  ///< of the backend's key type; valid until the next poll()
  types::KeyHash hash = 0;
  Namespace space;
  std::int64_t time = 0;
};

/// The timers of one kind (event time, processing time) of one operator: unique by key, namespace
/// and time, given out in the order of their times and, at equal times, of their registration.
/// A part of its backend's snapshots. Thread: one. Errors (thrown): kStateNoKey.
class TimerQueue {
 public:
  virtual ~TimerQueue() = default;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  /// Registers a timer of the backend's current key; false when there is one already. O(log n).
  virtual bool registerTimer(Namespace space, std::int64_t time) = 0;
  /// Removes a timer of the backend's current key; false when there is none. O(log n).
  virtual bool deleteTimer(Namespace space, std::int64_t time) = 0;
  /// Takes the first timer out if its time is `upTo` or before; null when there is none. Timers
  /// that are registered meanwhile take part. Does not set the current key.
  virtual const DueTimer* poll(std::int64_t upTo) = 0;
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// The time of the first timer. REQUIRES: !empty().
  [[nodiscard]] virtual std::int64_t peekTime() const = 0;
  [[nodiscard]] const std::string& name() const { return name_; }

 protected:
  explicit TimerQueue(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
};

}  // namespace flink::state
