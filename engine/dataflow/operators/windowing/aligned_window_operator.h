#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "dataflow/operators/windowing/window_operator_base.h"
#include "dataflow/operators/windowing/wrapping_triggers.h"
#include "dataflow/state/operator_state_backend.h"

namespace flink::operators {

/// What a trigger is to aligned windows: their default one, perhaps purging, or any other.
template <class Trigger>
struct AlignedTrigger {
  static constexpr bool kFits = false;
};
template <>
struct AlignedTrigger<EventTimeTrigger> {
  static constexpr bool kFits = true;
  static constexpr bool kEventTime = true;
  static constexpr bool kPurges = false;
};
template <>
struct AlignedTrigger<ProcessingTimeTrigger> {
  static constexpr bool kFits = true;
  static constexpr bool kEventTime = false;
  static constexpr bool kPurges = false;
};
template <class Nested>
requires AlignedTrigger<Nested>::kFits struct AlignedTrigger<PurgingTrigger<Nested>>
    : AlignedTrigger<Nested> {
  static constexpr bool kPurges = true;
};

/// Tumbling or sliding windows with their default trigger, which then fires all keys of a window
/// alike, and no evictor.
template <class Definition>
consteval bool isAlignedWindow() {
  using Assigner = typename Definition::Assigner;
  using Trigger = AlignedTrigger<typename Definition::Trigger>;
  if constexpr (Definition::kEvicting || Definition::kMerging || !Trigger::kFits ||
                !requires(const Assigner& a) { a.aligned(); }) {
    return false;
  } else {
    return Trigger::kEventTime == Assigner::isEventTime();
  }
}

/// Whether the operator below serves the definition. Its one gap: a purged key is forgotten, so
/// that its clear() could not be called when a late window ends.
template <class Definition>
[[nodiscard]] bool fitsAlignedOperator(const Definition& definition) {
  return !AlignedTrigger<typename Definition::Trigger>::kPurges ||
         definition.allowedLateness == 0 || !Definition::kClears;
}

/// Aligned windows, window by window: each has a table of its own, is fired by walking over it and
/// is dropped as a whole; there are no timers per key. What it writes into snapshots is what
/// WindowOperator writes, with a timestamp in place of the timers: the event time up to which
/// windows have fired. After a restart event time begins anew; elements for a window that fired
/// before then have timers of their own until event time gets there again.
template <class Definition>
class AlignedWindowOperator final : public WindowOperatorBase<Definition> {
  using Base = WindowOperatorBase<Definition>;

 public:
  using T = typename Base::T;
  using K = typename Base::K;
  using Accumulator = typename Base::Accumulator;

  AlignedWindowOperator(const OperatorOutputs& outputs, Definition definition)
      : Base(outputs, std::move(definition)) {}

  void open(OperatorContext& context) override {
    Base::open(context);
    clock_ = context.processingTime;
    contents_ = &this->openContents("window-contents", state::StateLayout::kNamespaceMajor);
    tables_ = contents_->byNamespace();
    FLINK_CHECK(tables_ != nullptr, "the column has the layout that was asked for");
    if constexpr (Definition::kMayBeSliced) this->refuseContents("window-slices");
    if constexpr (kEventTime) restoreEventTime(*context.state.operatorState);
    for (const state::Namespace space : tables_->namespaces()) paneOf(windowOf<TimeWindow>(space));
  }

  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    services_->watermark = this->currentWatermark();
    chosen_ = {};
    const types::Timestamp now = kEventTime ? 0 : clock_->now();
    const std::size_t n = batch.records.size();
    const std::atomic<bool>& requested = *currentInterruption.requested;
    for (std::size_t i = 0; i < n; ++i) {
      checkInterruption(requested);
      const types::Timestamp timestamp =
          batch.timestamps == nullptr ? types::kNoTimestamp : batch.timestamps[i];
      choosePanes(kEventTime ? timestamp : now);
      if (chosen_.prefetches && batch.keyHashes != nullptr && i + kPrefetchDistance < n)
        contents_->prefetch(batch.keyHashes[i + kPrefetchDistance]);
      if (chosen_.panes.empty()) {
        this->onSkipped(batch.records[i], timestamp);
        continue;
      }
      this->setCurrentKey(batch.records[i],
                          batch.keyHashes == nullptr ? nullptr : batch.keyHashes + i);
      for (Pane* pane : chosen_.panes) addToPane(*pane, batch.records[i], timestamp);
    }
    this->flushOutputs();
  }

  void snapshotState(const state::SnapshotContext& /*context*/) override {
    if constexpr (kEventTime)
      eventTimeState_.update(std::vector{std::max(firedUpTo_, this->currentWatermark())});
  }

  void close() override {
    if (clock_ != nullptr) clock_->cancel(scheduled_);
    Base::close();
  }

 protected:
  bool onEventTime(types::Timestamp watermark, std::size_t maxSteps) override {
    this->countIn(0);
    services_->watermark = watermark;
    bool done = true;
    if constexpr (kEventTime) {
      std::size_t steps = std::max<std::size_t>(1, maxSteps);
      done = fireDue(watermark, steps) && cleanUpDue(watermark, steps);
    }
    this->flushOutputs();
    return done;
  }

 private:
  using Base::d_;
  using Base::services_;
  static constexpr bool kEventTime = AlignedTrigger<typename Definition::Trigger>::kEventTime;
  static constexpr bool kPurges = AlignedTrigger<typename Definition::Trigger>::kPurges;
  static constexpr bool kCallsFunction = !std::is_same_v<typename Definition::Calls, EmitElements>;
  static constexpr std::size_t kPrefetchDistance = 8;
  static constexpr std::size_t kPrefetchFromEntries = 8192;
  static constexpr std::size_t kStepsPerClock = 4096;

  /// A window that has state or may still get some.
  struct Pane {
    TimeWindow window;
    /// Only keys with a timer of their own are still to be fired.
    bool fired = false;
    /// Event time has passed its end: each element fires its key at once.
    bool isPast = false;
  };
  /// The panes of all times in [from, until).
  struct Chosen {
    types::Timestamp from = 0;
    types::Timestamp until = 0;
    std::vector<Pane*> panes;
    bool prefetches = false;  ///< one pane, too large for the nearest caches
  };

  void restoreEventTime(state::OperatorStateBackend& backend) {
    eventTimeState_ = valueOrThrow(
        backend.getUnionListState(ListStateDescriptor<types::Timestamp>("window-event-time")));
    const auto marks = eventTimeState_.get();
    for (const types::Timestamp time : marks) firedUpTo_ = std::max(firedUpTo_, time);
    if (!marks.empty()) return;
    // WindowOperator leaves no mark: its timers say what has to fire.
    for (const state::Namespace space : tables_->namespaces())
      firedUpTo_ = std::max(firedUpTo_, windowOf<TimeWindow>(space).maxTimestamp());
  }

  Pane& paneOf(const TimeWindow& window) {
    const auto [found, isNew] = panes_.try_emplace(window.start);
    Pane& pane = found->second;
    if (isNew) {
      pane.window = window;
      // A window without lateness that fired before a restart is gone: it begins anew.
      const types::Timestamp fired = d_.allowedLateness > 0
                                         ? std::max(firedUpTo_, services_->watermark)
                                         : services_->watermark;
      pane.fired = kEventTime && window.maxTimestamp() <= fired;
      if constexpr (!kEventTime) schedule();
    }
    return pane;
  }

  void choosePanes(types::Timestamp time) {
    if (time >= chosen_.from && time < chosen_.until) return;
    windows_.clear();
    d_.assigner.assignWindows(0, time, WindowAssignerContext{time}, windows_);
    chosen_.panes.clear();
    for (const TimeWindow& window : windows_) {
      if (this->isWindowLate(window)) continue;
      finishFiring(window);
      Pane& pane = paneOf(window);
      pane.isPast = kEventTime && window.maxTimestamp() <= services_->watermark;
      chosen_.panes.push_back(&pane);
    }
    chosen_.prefetches =
        chosen_.panes.size() == 1 &&
        tables_->numEntries(namespaceOf(chosen_.panes.front()->window)) >= kPrefetchFromEntries;
    // The windows stay the same until the next one begins or the oldest one ends.
    const AlignedWindows& aligned = d_.assigner.aligned();
    chosen_.from = aligned.lastStart(time);
    const types::Timestamp edge = types::saturatingAdd(chosen_.from, aligned.size % aligned.slide);
    chosen_.until = types::saturatingAdd(chosen_.from, aligned.slide);
    if (time < edge) {
      chosen_.until = edge;
    } else {
      chosen_.from = edge;
    }
  }

  void addToPane(Pane& pane, const T& record, types::Timestamp timestamp) {
    contents_->setCurrentNamespace(namespaceOf(pane.window));
    this->addToContents(*contents_, record, timestamp);
    if (pane.isPast) [[unlikely]] {
      fireKey(pane.window);
    } else if (pane.fired) [[unlikely]] {
      this->timers_->registerEventTimeTimer(namespaceOf(pane.window), pane.window.maxTimestamp());
    }
  }

  /// Fires what the contents' namespace holds of the current key.
  void fireKey(const TimeWindow& window) {
    const auto* kept = static_cast<const Accumulator*>(contents_->find());
    if (kept == nullptr) return;
    this->beginWindow(window);
    this->emit(*kept);
    if (kPurges) contents_->erase();
  }

  /// Fires windows up to `upTo` in order, and before each of them the keys that have timers; false
  /// when `steps` are used up.
  bool fireDue(types::Timestamp upTo, std::size_t& steps) {
    auto at = panes_.begin();
    while (at != panes_.end() && at->second.window.maxTimestamp() <= upTo) {
      Pane& pane = at->second;
      if (pane.fired) {
        ++at;
        continue;
      }
      if (!fireTimers(pane.window.maxTimestamp(), steps)) return false;
      const bool isOver = d_.cleanupTime(pane.window) <= upTo;
      if (!walk(pane, steps, true, isOver)) return false;
      if (isOver || kPurges) tables_->drop(namespaceOf(pane.window));
      pane.fired = true;
      at = isOver ? panes_.erase(at) : std::next(at);
    }
    return fireTimers(upTo, steps);
  }

  bool fireTimers(types::Timestamp upTo, std::size_t& steps) {
    if (!kEventTime || this->timers_->numEventTimeTimers() == 0) return true;
    return this->timers_->advanceWatermark(upTo, steps);
  }

  bool cleanUpDue(types::Timestamp upTo, std::size_t& steps) {
    while (!panes_.empty() && d_.cleanupTime(panes_.begin()->second.window) <= upTo) {
      Pane& pane = panes_.begin()->second;
      if (Definition::kClears && !walk(pane, steps, false, true)) return false;
      tables_->drop(namespaceOf(pane.window));
      panes_.erase(panes_.begin());
    }
    return true;
  }

  /// Calls the window function and its clear() for all keys of a pane; goes on where it stopped.
  bool walk(Pane& pane, std::size_t& steps, bool fires, bool clears) {
    this->beginWindow(pane.window);
    walking_ = pane.window.start;
    const std::size_t before = steps;
    const bool done = tables_->visit(namespaceOf(pane.window), cursor_, steps,
                                     [&](const void* key, types::KeyHash hash, const void* kept) {
                                       --steps;
                                       this->key_ = static_cast<const K*>(key);
                                       if constexpr (kCallsFunction)
                                         this->backend_->setCurrentKey(key, hash);
                                       if (fires)
                                         this->emit(*static_cast<const Accumulator*>(kept));
                                       if (clears) this->clearFunction();
                                     });
    if (fires) this->countFired(before - steps);
    if (!done) return false;
    cursor_ = {};
    walking_.reset();
    return true;
  }

  // --- timers of single keys: see the class ----------------------------------------------------

  void onEventTimeTimer(const state::DueTimer& timer) override {
    const TimeWindow window = windowOf<TimeWindow>(timer.space);
    const auto pane = panes_.find(window.start);
    if (timer.time != window.maxTimestamp() || pane == panes_.end() || !pane->second.fired) return;
    this->key_ = static_cast<const K*>(timer.key);
    contents_->setCurrentNamespace(timer.space);
    fireKey(window);
  }
  /// The clock fires windows, not keys: timers that WindowOperator wrote mean nothing here.
  void onProcessingTimeTimer(const state::DueTimer& /*timer*/) override {}

  // --- processing time -------------------------------------------------------------------------

  void schedule() {
    if (panes_.empty()) return;
    const types::Timestamp earliest = panes_.begin()->second.window.maxTimestamp();
    if (scheduled_ != ProcessingTimeService::TimerId::kNone) {
      if (scheduledTime_ <= earliest) return;
      clock_->cancel(scheduled_);
    }
    scheduledTime_ = earliest;
    scheduled_ = clock_->registerTimer(earliest, [this](types::Timestamp time) { onClock(time); });
  }

  void onClock(types::Timestamp time) {
    scheduled_ = ProcessingTimeService::TimerId::kNone;
    this->countIn(0);
    services_->watermark = this->currentWatermark();
    std::size_t steps = kStepsPerClock;
    (void)fireDue(time, steps);
    this->flushOutputs();
    schedule();
  }

  /// A window that the clock is firing takes no more elements: what comes now opens it again.
  void finishFiring(const TimeWindow& window) {
    if (kEventTime || walking_ != window.start) return;
    std::size_t steps = std::numeric_limits<std::size_t>::max();
    (void)fireDue(window.maxTimestamp(), steps);
  }

  state::StateColumn* contents_ = nullptr;
  state::NamespaceTables* tables_ = nullptr;
  std::map<types::Timestamp, Pane> panes_;  ///< by their windows' starts
  Chosen chosen_;
  std::vector<TimeWindow> windows_;
  state::NamespaceTables::Cursor cursor_;
  std::optional<types::Timestamp> walking_;  ///< start of the window that cursor_ is in
  ListState<types::Timestamp> eventTimeState_;
  types::Timestamp firedUpTo_ = types::kMinWatermark;  ///< before the restart
  ProcessingTimeService* clock_ = nullptr;
  ProcessingTimeService::TimerId scheduled_ = ProcessingTimeService::TimerId::kNone;
  types::Timestamp scheduledTime_ = 0;
};

}  // namespace flink::operators
