#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "core/types/stream_time.h"
#include "dataflow/operators/output_tag.h"
#include "dataflow/operators/side_outputs.h"
#include "dataflow/operators/timer_service.h"
#include "dataflow/state/keyed_state_backend.h"

namespace flink {

/// What a process function sees beside its record.
class ProcessContext {
 public:
  ProcessContext(operators::SideOutputs& sideOutputs, TimerService& timers)
      : sideOutputs_(sideOutputs), timers_(timers) {}
  ProcessContext(const ProcessContext&) = delete;
  ProcessContext& operator=(const ProcessContext&) = delete;

  /// Whether the record has a timestamp.
  [[nodiscard]] bool hasTimestamp() const { return timestamp() != types::kNoTimestamp; }
  /// The timestamp of the record or, in onTimer(), the time of the timer; the least value of
  /// std::int64_t when there is none.
  [[nodiscard]] std::int64_t timestamp() const { return sideOutputs_.timestamp(); }
  [[nodiscard]] TimerService& timerService() const { return timers_; }
  /// Emits to a side output; a tag that nobody reads drops the record.
  template <class X, class V>
  requires std::is_assignable_v<X&, V&&>
  void output(const OutputTag<X>& tag, V&& value) {
    sideOutputs_.collector(tag).collect(std::forward<V>(value));
  }

 protected:
  ~ProcessContext() = default;

 private:
  operators::SideOutputs& sideOutputs_;
  TimerService& timers_;
};

/// What onTimer() sees beside the timer's time.
class OnTimerContext : public ProcessContext {
 public:
  using ProcessContext::ProcessContext;
  [[nodiscard]] TimeDomain timeDomain() const { return timeDomain_; }
  /// For the engine.
  void setTimeDomain(TimeDomain domain) { timeDomain_ = domain; }

 private:
  TimeDomain timeDomain_ = TimeDomain::EVENT_TIME;
};

/// What a function on a keyed stream sees beside its record.
template <class K>
class KeyedProcessContext : public OnTimerContext {
 public:
  using OnTimerContext::OnTimerContext;
  /// Of the record, or of the timer.
  [[nodiscard]] const K& getCurrentKey() const {
    return *static_cast<const K*>(backend_->currentKey());
  }

 protected:
  // Mean something in onTimer() only.
  using OnTimerContext::setTimeDomain;
  using OnTimerContext::timeDomain;
  const state::KeyedStateBackend* backend_ = nullptr;
};

template <class K>
class KeyedOnTimerContext : public KeyedProcessContext<K> {
 public:
  using KeyedProcessContext<K>::KeyedProcessContext;
  using OnTimerContext::setTimeDomain;
  using OnTimerContext::timeDomain;
  /// For the engine.
  void setBackend(const state::KeyedStateBackend* backend) { this->backend_ = backend; }
};

}  // namespace flink
