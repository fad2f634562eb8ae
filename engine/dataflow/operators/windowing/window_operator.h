#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataflow/operators/windowing/merging_window_set.h"
#include "dataflow/operators/windowing/window_operator_base.h"
#include "dataflow/state/operator_state_backend.h"

namespace flink::operators {

[[noreturn]] void throwMergedIntoPast(bool isEventTime, types::Timestamp now,
                                      types::Timestamp maxTimestamp);

/// Windows of any assigner, trigger and evictor: contents and trigger state per key and window,
/// timers for what comes due. Aligned windows with their default trigger have an operator of their
/// own (aligned_window_operator.h), for which this one is the oracle.
/// Source of the rules: Flink's WindowOperator and EvictingWindowOperator.
template <class Definition>
class WindowOperator final : public WindowOperatorBase<Definition> {
  using Base = WindowOperatorBase<Definition>;

 public:
  using T = typename Base::T;
  using K = typename Base::K;
  using W = typename Base::W;
  using Accumulator = typename Base::Accumulator;

  WindowOperator(const OperatorOutputs& outputs, Definition definition)
      : Base(outputs, std::move(definition)) {}

  void open(OperatorContext& context) override {
    Base::open(context);
    contents_ = &this->openContents("window-contents", state::StateLayout::kWithNamespace);
    if constexpr (Definition::kMayBeSliced) this->refuseContents("window-slices");
    if constexpr (Definition::kMerging) {
      mergingSets_ = valueOrThrow(
          this->backend_->column({"merging-window-set",
                                  state::StateKind::kValue,
                                  &state::valueOps<state::ValueForm<MergingEntries, false>>(),
                                  {},
                                  state::StateLayout::kNoNamespace}));
    }
    triggerContext_.emplace(*services_);
    evictorContext_.emplace(*services_);
    if constexpr (requires(const typename Definition::Assigner& a) { a.aligned(); })
      takeOverAlignedWindows(context);
  }

  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    services_->watermark = this->currentWatermark();
    assignerContext_.currentProcessingTime = this->timers_->currentProcessingTime();
    const std::atomic<bool>& requested = *currentInterruption.requested;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      checkInterruption(requested);
      const T& record = batch.records[i];
      this->setCurrentKey(record, batch.keyHashes == nullptr ? nullptr : batch.keyHashes + i);
      processElement(record,
                     batch.timestamps == nullptr ? types::kNoTimestamp : batch.timestamps[i]);
    }
    this->flushOutputs();
  }

  void processWatermark(int index, types::Timestamp watermark) override {
    if (Definition::kOnlyAtEnd && watermark != types::kMaxWatermark) return;
    OperatorBase::processWatermark(index, watermark);
  }

 protected:
  bool onEventTime(types::Timestamp watermark, std::size_t maxSteps) override {
    this->countIn(0);
    services_->watermark = watermark;
    const bool done = this->timers_->advanceWatermark(watermark, maxSteps);
    this->flushOutputs();
    return done;
  }

 private:
  using Base::d_;
  using Base::services_;
  using MergingEntries = std::vector<MergingEntry<W>>;

  /// AlignedWindowOperator leaves no timers but, in event time, a mark up to where it has fired:
  /// gives its windows the timers that they have here.
  void takeOverAlignedWindows(OperatorContext& context) {
    if (!context.state.isRestored()) return;
    types::Timestamp firedUpTo = types::kMinWatermark;
    if constexpr (Definition::Assigner::isEventTime()) {
      auto mark = valueOrThrow(context.state.operatorState->getUnionListState(
          ListStateDescriptor<types::Timestamp>("window-event-time")));
      const auto marks = mark.get();
      if (marks.empty()) return;
      for (const types::Timestamp time : marks) firedUpTo = std::max(firedUpTo, time);
      mark.clear();
    }
    const bool firesAgain = d_.allowedLateness == 0;
    this->backend_->applyToAllEntries(*contents_, [&](const void*, state::Namespace space) {
      const W window = windowOf<W>(space);
      triggerContext_->setWindow(space);
      if constexpr (!Definition::Assigner::isEventTime()) {
        triggerContext_->registerProcessingTimeTimer(window.maxTimestamp());
      } else if (firesAgain || window.maxTimestamp() > firedUpTo) {
        triggerContext_->registerEventTimeTimer(window.maxTimestamp());
      }
      registerCleanupTimer(window);
    });
  }

  void onEventTimeTimer(const state::DueTimer& timer) override { onTimer(timer, true); }
  void onProcessingTimeTimer(const state::DueTimer& timer) override { onTimer(timer, false); }

  void processElement(const T& record, types::Timestamp timestamp) {
    windows_.clear();
    d_.assigner.assignWindows(record, timestamp, assignerContext_, windows_);
    bool isSkipped = true;
    if constexpr (Definition::kMerging) {
      MergingEntries entries = takeMergingEntries();
      MergingWindowSet<W, typename Definition::Assigner> set(d_.assigner, entries);
      for (const W& window : windows_) {
        const W actual =
            set.addWindow(window, [this](const W& result, const std::vector<W>& merged,
                                         const W& stateWindow, const std::vector<W>& others) {
              mergeWindows(result, merged, stateWindow, others);
            });
        if (this->isWindowLate(actual)) {
          set.retireWindow(actual);
          continue;
        }
        isSkipped = false;
        addToWindow(record, timestamp, actual, *set.getStateWindow(actual));
      }
      putMergingEntries(std::move(entries));
    } else {
      for (const W& window : windows_) {
        if (this->isWindowLate(window)) continue;
        isSkipped = false;
        addToWindow(record, timestamp, window, window);
      }
    }
    if (isSkipped) this->onSkipped(record, timestamp);
  }

  void addToWindow(const T& record, types::Timestamp timestamp, const W& window,
                   const W& stateWindow) {
    contents_->setCurrentNamespace(namespaceOf(stateWindow));
    this->addToContents(*contents_, record, timestamp);
    triggerContext_->setWindow(namespaceOf(window));
    const TriggerResult result = d_.trigger.onElement(record, timestamp, window, *triggerContext_);
    if (isFire(result)) emitContents(window);
    if (isPurge(result)) contents_->erase();
    registerCleanupTimer(window);
  }

  void mergeWindows(const W& result, const std::vector<W>& merged, const W& stateWindow,
                    const std::vector<W>& others) {
    const bool isEventTime = d_.assigner.isEventTime();
    const types::Timestamp now =
        isEventTime ? services_->watermark : this->timers_->currentProcessingTime();
    if (d_.cleanupTime(result) <= now) throwMergedIntoPast(isEventTime, now, result.maxTimestamp());
    std::vector<state::Namespace> mergedSpaces;
    for (const W& window : merged) mergedSpaces.push_back(namespaceOf(window));
    triggerContext_->setWindow(namespaceOf(result));
    triggerContext_->setMerged(std::move(mergedSpaces));
    callOnMerge(d_.trigger, result, *triggerContext_);
    for (const W& window : merged) {
      triggerContext_->setWindow(namespaceOf(window));
      d_.trigger.clear(window, *triggerContext_);
      deleteCleanupTimer(window);
    }
    for (const W& other : others) {
      state::mergeNamespaces<Accumulator>(
          *contents_, namespaceOf(stateWindow), namespaceOf(other),
          [this](Accumulator& into, Accumulator& from) { d_.contents.merge(into, from); });
    }
  }

  void onTimer(const state::DueTimer& timer, bool isEventTime) {
    this->countIn(0);
    services_->watermark = this->currentWatermark();
    this->key_ = static_cast<const K*>(timer.key);
    const W window = windowOf<W>(timer.space);
    if constexpr (Definition::kMerging) {
      MergingEntries entries = takeMergingEntries();
      MergingWindowSet<W, typename Definition::Assigner> set(d_.assigner, entries);
      // A trigger may have left a timer of a window that is no more.
      if (const W* stateWindow = set.getStateWindow(window)) {
        contents_->setCurrentNamespace(namespaceOf(*stateWindow));
        if (onTimer(timer, isEventTime, window)) set.retireWindow(window);
      }
      putMergingEntries(std::move(entries));
    } else {
      contents_->setCurrentNamespace(timer.space);
      onTimer(timer, isEventTime, window);
    }
  }

  /// True when the window is over and all that it kept has been cleared.
  bool onTimer(const state::DueTimer& timer, bool isEventTime, const W& window) {
    triggerContext_->setWindow(timer.space);
    const TriggerResult result =
        isEventTime ? d_.trigger.onEventTime(timer.time, window, *triggerContext_)
                    : d_.trigger.onProcessingTime(timer.time, window, *triggerContext_);
    if (isFire(result)) emitContents(window);
    if (isPurge(result)) contents_->erase();
    if (d_.assigner.isEventTime() != isEventTime || timer.time != d_.cleanupTime(window))
      return false;
    contents_->erase();
    d_.trigger.clear(window, *triggerContext_);
    this->beginWindow(window);
    this->clearFunction();
    return true;
  }

  /// Calls the window function with what the current namespace of the contents holds, if anything.
  void emitContents(const W& window) {
    this->beginWindow(window);
    if constexpr (Definition::kEvicting) {
      auto* kept = static_cast<Accumulator*>(contents_->findForUpdate());
      if (kept != nullptr) evictAndCall(std::move(*kept), window);
    } else {
      const auto* kept = static_cast<const Accumulator*>(contents_->find());
      if (kept != nullptr) this->emit(*kept);
    }
  }

  void evictAndCall(Accumulator elements, const W& window) {
    d_.evictor.evictBefore(elements, static_cast<int>(elements.size()), window, *evictorContext_);
    this->callFunction(elements);
    d_.evictor.evictAfter(elements, static_cast<int>(elements.size()), window, *evictorContext_);
    if (elements.empty()) {
      contents_->erase();
    } else {
      *static_cast<Accumulator*>(contents_->findForUpdate()) = std::move(elements);
    }
  }

  // The end of time needs no cleanup.
  void registerCleanupTimer(const W& window) {
    const types::Timestamp time = d_.cleanupTime(window);
    if (time == types::kMaxWatermark) return;
    if (d_.assigner.isEventTime()) {
      triggerContext_->registerEventTimeTimer(time);
    } else {
      triggerContext_->registerProcessingTimeTimer(time);
    }
  }
  void deleteCleanupTimer(const W& window) {
    const types::Timestamp time = d_.cleanupTime(window);
    if (time == types::kMaxWatermark) return;
    if (d_.assigner.isEventTime()) {
      triggerContext_->deleteEventTimeTimer(time);
    } else {
      triggerContext_->deleteProcessingTimeTimer(time);
    }
  }

  /// While windows merge, state moves: so the entries leave the table for the time of an element.
  MergingEntries takeMergingEntries() {
    auto* kept = static_cast<MergingEntries*>(mergingSets_->findForUpdate());
    return kept == nullptr ? MergingEntries() : std::move(*kept);
  }
  void putMergingEntries(MergingEntries entries) {
    if (entries.empty()) {
      mergingSets_->erase();
      return;
    }
    bool created = false;
    *static_cast<MergingEntries*>(mergingSets_->findOrCreate(created)) = std::move(entries);
  }

  state::StateColumn* contents_ = nullptr;
  state::StateColumn* mergingSets_ = nullptr;
  std::optional<WindowTriggerContext> triggerContext_;
  std::optional<WindowEvictorContext> evictorContext_;
  WindowAssignerContext assignerContext_;
  std::vector<W> windows_;
};

}  // namespace flink::operators
