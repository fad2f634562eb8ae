#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "core/base/clock.h"
#include "core/base/executor.h"
#include "dataflow/operators/processing_time_service.h"

namespace flink::task {

/// The processing-time timers of one task, behind one timer of an event loop.
/// Thread: the task's step. Lifetime: destroy after the last step.
class ProcessingTimers final : public operators::ProcessingTimeService {
 public:
  /// `wake` makes the task step again; it may be called from the loop's thread as long as the loop
  /// runs, also after this object is gone.
  ProcessingTimers(const Clock& clock, EventLoop* loop, std::function<void()> wake)
      : clock_(clock), loop_(loop), wake_(std::move(wake)) {}
  ~ProcessingTimers() override;
  ProcessingTimers(const ProcessingTimers&) = delete;
  ProcessingTimers& operator=(const ProcessingTimers&) = delete;

  [[nodiscard]] types::Timestamp now() const override { return clock_.wallMs(); }
  TimerId registerTimer(types::Timestamp time, Callback callback) override;
  void cancel(TimerId timer) override;

  /// Runs up to `maxCallbacks` timers whose time the clock has passed; true once none is due.
  bool runDue(std::size_t maxCallbacks);
  /// No timer runs any more and none is taken.
  void close();

 private:
  /// Registration breaks ties.
  using Place = std::pair<types::Timestamp, std::uint64_t>;

  void scheduleEarliest();

  const Clock& clock_;
  EventLoop* loop_;
  std::function<void()> wake_;
  std::map<Place, Callback> timers_;
  std::unordered_map<std::uint64_t, types::Timestamp> times_;  // of timers_, by registration
  std::uint64_t lastId_ = 0;
  EventLoop::TimerId physical_ = EventLoop::TimerId::kNone;
  types::Timestamp physicalTime_ = types::kNoTimestamp;
  std::shared_ptr<std::atomic<bool>> fired_;  // did the physical timer run
  bool closed_ = false;
};

}  // namespace flink::task
