#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/side_outputs.h"
#include "dataflow/operators/windowing/merging_window_set.h"
#include "dataflow/operators/windowing/window_contexts.h"
#include "dataflow/operators/windowing/window_definition.h"
#include "dataflow/state/state_contexts.h"

namespace flink::operators {

[[noreturn]] void throwMergedIntoPast(bool isEventTime, types::Timestamp now,
                                      types::Timestamp maxTimestamp);

/// Windows of any assigner, trigger and evictor: contents and trigger state per key and window,
/// timers for what comes due. Aligned windows with their default trigger have an operator of their
/// own (aligned_window_operator.h), for which this one is the oracle.
/// Source of the rules: Flink's WindowOperator and EvictingWindowOperator.
template <class Definition>
class WindowOperator final : public OneInputOperator<typename Definition::Record>,
                             private TimerTarget {
 public:
  using T = typename Definition::Record;
  using K = typename Definition::Key;
  using W = typename Definition::WindowType;
  using Accumulator = typename Definition::Accumulator;

  WindowOperator(const OperatorOutputs& outputs, Definition definition)
      : d_(std::move(definition)), output_(outputs, ""), sideOutputs_(outputs) {}

  [[nodiscard]] const state::KeyOps* stateKey() const override { return &state::keyOps<K>(); }

  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    FLINK_CHECK(context.state.keyedState != nullptr, "a window operator has a keyed backend");
    openState(*context.state.keyedState);
    timers_.emplace("window-timers", *backend_, *context.processingTime,
                    static_cast<TimerTarget&>(*this));
    services_.emplace(WindowServices{*backend_, *timers_, *context.metrics});
    triggerContext_.emplace(*services_);
    evictorContext_.emplace(*services_);
    functionContext_.emplace(*services_, sideOutputs_);
    numLateRecordsDropped_ = context.metrics->counter("numLateRecordsDropped");
    d_.forEachFunction([this](auto& function) { this->openFunction(function); });
  }

  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    services_->watermark = this->currentWatermark();
    assignerContext_.currentProcessingTime = timers_->currentProcessingTime();
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      const T& record = batch.records[i];
      auto&& selected = callKeySelector(d_.selector, record);
      if constexpr (std::is_same_v<decltype(selected), const K&>) {
        key_ = &selected;
      } else {
        ownKey_ = std::forward<decltype(selected)>(selected);
        key_ = &ownKey_;
      }
      backend_->setCurrentKey(
          key_, batch.keyHashes == nullptr ? types::keyHash(*key_) : batch.keyHashes[i]);
      processElement(record,
                     batch.timestamps == nullptr ? types::kNoTimestamp : batch.timestamps[i]);
    }
    backend_->clearCurrentKey();
    flushOutputs();
  }

  void processWatermark(int index, types::Timestamp watermark) override {
    if (Definition::kOnlyAtEnd && watermark != types::kMaxWatermark) return;
    OperatorBase::processWatermark(index, watermark);
  }

  void close() override {
    timers_.reset();
    d_.forEachFunction([this](auto& function) { this->closeFunction(function); });
    OperatorBase::close();
  }

 protected:
  bool onEventTime(types::Timestamp watermark, std::size_t maxSteps) override {
    this->countIn(0);
    services_->watermark = watermark;
    const bool done = timers_->advanceWatermark(watermark, maxSteps);
    backend_->clearCurrentKey();
    flushOutputs();
    return done;
  }

 private:
  using MergingEntries = std::vector<MergingEntry<W>>;

  void openState(state::KeyedStateBackend& backend) {
    backend_ = &backend;
    contents_ =
        valueOrThrow(backend.column({"window-contents",
                                     state::StateKind::kValue,
                                     &state::valueOps<state::ValueForm<Accumulator, false>>(),
                                     {},
                                     state::StateLayout::kWithNamespace}));
    if constexpr (Definition::kMerging) {
      mergingSets_ =
          valueOrThrow(backend.column({"merging-window-set",
                                       state::StateKind::kValue,
                                       &state::valueOps<state::ValueForm<MergingEntries, false>>(),
                                       {},
                                       state::StateLayout::kNoNamespace}));
    }
  }

  void onEventTimeTimer(const state::DueTimer& timer) override { onTimer(timer, true); }
  void onProcessingTimeTimer(const state::DueTimer& timer) override { onTimer(timer, false); }
  void afterProcessingTimeTimers() override {
    backend_->clearCurrentKey();
    flushOutputs();
  }

  void flushOutputs() {
    output_.flush();
    sideOutputs_.flush();
    this->countOut(output_.numRecords());
  }

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
        if (isWindowLate(actual)) {
          set.retireWindow(actual);
          continue;
        }
        isSkipped = false;
        addToWindow(record, timestamp, actual, *set.getStateWindow(actual));
      }
      putMergingEntries(std::move(entries));
    } else {
      for (const W& window : windows_) {
        if (isWindowLate(window)) continue;
        isSkipped = false;
        addToWindow(record, timestamp, window, window);
      }
    }
    if (isSkipped && isElementLate(timestamp)) onLateElement(record, timestamp);
  }

  void addToWindow(const T& record, types::Timestamp timestamp, const W& window,
                   const W& stateWindow) {
    contents_->setCurrentNamespace(namespaceOf(stateWindow));
    bool created = false;
    auto& accumulator = *static_cast<Accumulator*>(contents_->findOrCreate(created));
    if (created) {
      accumulator = d_.contents.start(record, timestamp);
    } else {
      d_.contents.add(accumulator, record, timestamp);
    }
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
        isEventTime ? services_->watermark : timers_->currentProcessingTime();
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
    key_ = static_cast<const K*>(timer.key);
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
    functionContext_->setWindow(window);
    d_.calls.clear(functionContext());
    return true;
  }

  /// Calls the window function with what the current namespace of the contents holds, if anything.
  void emitContents(const W& window) {
    output_.setTimestamp(window.maxTimestamp());
    sideOutputs_.setTimestamp(window.maxTimestamp());
    functionContext_->setWindow(window);
    if constexpr (Definition::kEvicting) {
      auto* kept = static_cast<Accumulator*>(contents_->findForUpdate());
      if (kept != nullptr) evictAndCall(std::move(*kept), window);
    } else {
      const auto* kept = static_cast<const Accumulator*>(contents_->find());
      if (kept == nullptr) return;
      if constexpr (std::is_same_v<typename Definition::Calls, EmitElements> ||
                    !Definition::Contents::kSingle) {
        callFunction(*kept);
      } else {
        // The function may use state, which may move what is kept inside the table.
        const Accumulator copy = *kept;
        callFunction(copy);
      }
    }
  }

  void callFunction(const Accumulator& accumulator) {
    d_.contents.withElements(accumulator, [this](const auto& elements) {
      d_.calls.call(*key_, functionContext(), elements, output_.collector());
    });
  }

  void evictAndCall(Accumulator elements, const W& window) {
    d_.evictor.evictBefore(elements, static_cast<int>(elements.size()), window, *evictorContext_);
    callFunction(elements);
    d_.evictor.evictAfter(elements, static_cast<int>(elements.size()), window, *evictorContext_);
    if (elements.empty()) {
      contents_->erase();
    } else {
      *static_cast<Accumulator*>(contents_->findForUpdate()) = std::move(elements);
    }
  }

  [[nodiscard]] ProcessWindowContext<W>& functionContext() { return *functionContext_; }

  [[nodiscard]] bool isWindowLate(const W& window) const {
    return d_.assigner.isEventTime() && d_.cleanupTime(window) <= services_->watermark;
  }
  [[nodiscard]] bool isElementLate(types::Timestamp timestamp) const {
    return d_.assigner.isEventTime() &&
           types::saturatingAdd(timestamp, d_.allowedLateness) <= services_->watermark;
  }
  void onLateElement(const T& record, types::Timestamp timestamp) {
    if (!d_.lateDataTag.has_value()) {
      numLateRecordsDropped_->inc();
      return;
    }
    sideOutputs_.setTimestamp(timestamp);
    sideOutputs_.collector(*d_.lateDataTag).collect(record);
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

  Definition d_;
  Output<typename Definition::Out> output_;
  SideOutputs sideOutputs_;
  state::KeyedStateBackend* backend_ = nullptr;
  state::StateColumn* contents_ = nullptr;
  state::StateColumn* mergingSets_ = nullptr;
  std::optional<KeyedTimers> timers_;
  std::optional<WindowServices> services_;
  std::optional<WindowTriggerContext> triggerContext_;
  std::optional<WindowEvictorContext> evictorContext_;
  std::optional<WindowFunctionContext<W, Definition::kMerging>> functionContext_;
  std::shared_ptr<metrics::Counter> numLateRecordsDropped_;
  WindowAssignerContext assignerContext_;
  std::vector<W> windows_;
  K ownKey_{};
  const K* key_ = nullptr;
};

}  // namespace flink::operators
