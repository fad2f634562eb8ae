#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "dataflow/operators/windowing/aligned_window_operator.h"
#include "dataflow/operators/windowing/running_windows.h"

namespace flink::operators {

/// Sliding event-time windows whose parts may be aggregated apart and merged: each element is added
/// to one slice, the stretch of time between two edges of windows, and each window is combined
/// from its slices.
template <class Definition>
consteval bool isSlicedWindow() {
  if constexpr (isAlignedWindow<Definition>()) {
    return Definition::Contents::kMergesFreely && Definition::Assigner::isEventTime() &&
           std::is_same_v<typename Definition::Assigner, SlidingEventTimeWindows>;
  } else {
    return false;
  }
}

/// Whether the operator below serves the definition: a slice has one state for all its windows, so
/// late firings of single windows would need state of their own.
template <class Definition>
[[nodiscard]] bool fitsSlicingOperator(const Definition& definition) {
  const AlignedWindows& aligned = definition.assigner.aligned();
  return definition.allowedLateness == 0 && aligned.slide < aligned.size;
}

/// Sliding windows in slices, see isSlicedWindow(). Slices are the state; RunningWindows has what
/// follows from them and is built again after a restart. Elements for windows that fired before a
/// restart, which event time then allows again, have a state of their own and timers, as those
/// windows' former contents are gone.
template <class Definition>
class SlicingWindowOperator final : public WindowOperatorBase<Definition> {
  using Base = WindowOperatorBase<Definition>;

 public:
  using T = typename Base::T;
  using K = typename Base::K;
  using Accumulator = typename Base::Accumulator;

  SlicingWindowOperator(const OperatorOutputs& outputs, Definition definition)
      : Base(outputs, std::move(definition)),
        aligned_(d_.assigner.aligned()),
        sliceSize_(std::gcd(aligned_.size, aligned_.slide)),
        running_(d_.contents) {}

  void open(OperatorContext& context) override {
    Base::open(context);
    contents_ = &this->openContents("window-slices", state::StateLayout::kNamespaceMajor);
    again_ = &this->openContents("window-contents-again", state::StateLayout::kWithNamespace);
    this->refuseContents("window-contents");
    tables_ = contents_->byNamespace();
    FLINK_CHECK(tables_ != nullptr, "the column has the layout that was asked for");
    for (const state::Namespace space : tables_->namespaces())
      slices_.insert(windowOf<TimeWindow>(space).start);
    eventTimeState_ = valueOrThrow(context.state.operatorState->getUnionListState(
        ListStateDescriptor<types::Timestamp>("window-event-time")));
    for (const types::Timestamp time : eventTimeState_.get())
      firedThrough_ = std::max(firedThrough_, time);
  }

  void process(Batch<T> batch) override {
    this->countIn(batch.records.size());
    services_->watermark = this->currentWatermark();
    chosen_.reset();
    const std::atomic<bool>& requested = *currentInterruption.requested;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      checkInterruption(requested);
      const types::Timestamp timestamp =
          batch.timestamps == nullptr ? types::kNoTimestamp : batch.timestamps[i];
      if (timestamp == types::kNoTimestamp) [[unlikely]]
        throwNoTimestamp("SlidingEventTimeWindows");
      const TimeWindow newest = windowFrom(aligned_.lastStart(timestamp));
      if (this->isWindowLate(newest)) {
        this->onSkipped(batch.records[i], timestamp);
        continue;
      }
      this->setCurrentKey(batch.records[i],
                          batch.keyHashes == nullptr ? nullptr : batch.keyHashes + i);
      if (services_->watermark < firedThrough_) [[unlikely]]
        addAgain(batch.records[i], timestamp);
      if (newest.maxTimestamp() > firedThrough_) addToSlice(batch.records[i], timestamp);
    }
    this->flushOutputs();
  }

  void snapshotState(const state::SnapshotContext& /*context*/) override {
    eventTimeState_.update(std::vector{firedThrough_});
  }

 protected:
  bool onEventTime(types::Timestamp watermark, std::size_t maxSteps) override {
    this->countIn(0);
    services_->watermark = watermark;
    std::size_t steps = std::max<std::size_t>(1, maxSteps);
    const bool done = fireAgain(watermark, steps) && fireDue(watermark, steps);
    if (done) firedThrough_ = std::max(firedThrough_, watermark);
    this->flushOutputs();
    return done;
  }

 private:
  using Base::d_;
  using Base::services_;
  static constexpr bool kCallsFunction = !std::is_same_v<typename Definition::Calls, EmitElements>;

  enum class Phase : std::uint8_t { kIdle, kEnter, kTurn, kEmit, kLeave };

  [[nodiscard]] TimeWindow windowFrom(types::Timestamp start) const {
    return {start, types::saturatingAdd(start, aligned_.size)};
  }
  [[nodiscard]] types::Timestamp sliceOf(types::Timestamp timestamp) const {
    return types::saturatingAdd(
        timestamp, -TimeWindow::timeIntoWindow(timestamp, aligned_.offset, sliceSize_));
  }
  [[nodiscard]] state::Namespace spaceOf(types::Timestamp slice) const {
    return namespaceOf(TimeWindow{slice, types::saturatingAdd(slice, sliceSize_)});
  }

  void addToSlice(const T& record, types::Timestamp timestamp) {
    if (!chosen_ || timestamp < *chosen_ || timestamp - *chosen_ >= sliceSize_) {
      chosen_ = sliceOf(timestamp);
      slices_.insert(*chosen_);
      contents_->setCurrentNamespace(spaceOf(*chosen_));
    }
    this->addToContents(*contents_, record, timestamp);
    if (*chosen_ < entered_) [[unlikely]]
      running_.addLate(*chosen_, *this->key_, types::keyHash(*this->key_), record, timestamp);
  }

  // --- windows that fired before a restart -----------------------------------------------------

  void addAgain(const T& record, types::Timestamp timestamp) {
    windows_.clear();
    aligned_.assign(timestamp, windows_);
    for (const TimeWindow& window : windows_) {
      if (window.maxTimestamp() > firedThrough_ || this->isWindowLate(window)) continue;
      again_->setCurrentNamespace(namespaceOf(window));
      this->addToContents(*again_, record, timestamp);
      this->timers_->registerEventTimeTimer(namespaceOf(window), window.maxTimestamp());
    }
  }
  bool fireAgain(types::Timestamp watermark, std::size_t steps) {
    return this->timers_->numEventTimeTimers() == 0 ||
           this->timers_->advanceWatermark(watermark, steps);
  }
  void onEventTimeTimer(const state::DueTimer& timer) override {
    this->key_ = static_cast<const K*>(timer.key);
    again_->setCurrentNamespace(timer.space);
    const auto* kept = static_cast<const Accumulator*>(again_->find());
    if (kept == nullptr) return;
    this->beginWindow(windowOf<TimeWindow>(timer.space));
    this->emit(*kept);
    this->clearFunction();
    again_->erase();
  }
  void onProcessingTimeTimer(const state::DueTimer& /*timer*/) override {}

  // --- firing ----------------------------------------------------------------------------------

  /// The next window that has something and has not fired.
  [[nodiscard]] TimeWindow nextWindow() const {
    const types::Timestamp oldest = *slices_.begin();
    const types::Timestamp notBefore =
        std::max(types::saturatingAdd(oldest, sliceSize_ - aligned_.size),
                 types::saturatingAdd(firedThrough_, 2 - aligned_.size));
    types::Timestamp start = aligned_.lastStart(notBefore);
    if (start < notBefore) start = types::saturatingAdd(start, aligned_.slide);
    return windowFrom(start);
  }

  /// Fires windows up to the watermark; false when `steps` are used up, then it goes on there.
  bool fireDue(types::Timestamp watermark, std::size_t& steps) {
    for (;;) {
      switch (phase_) {
        case Phase::kIdle:
          if (slices_.empty()) return true;
          window_ = nextWindow();
          if (window_.maxTimestamp() > watermark) return true;
          phase_ = Phase::kEnter;
          break;
        case Phase::kEnter:
          if (!enter(steps)) return false;
          phase_ = running_.wantsTurn() ? Phase::kTurn : Phase::kEmit;
          afterTurn_ = Phase::kEmit;
          break;
        case Phase::kTurn:
          if (!turn(steps)) return false;
          phase_ = afterTurn_;
          break;
        case Phase::kEmit:
          if (!emitAll(steps)) return false;
          firedThrough_ = window_.maxTimestamp();
          phase_ = Phase::kLeave;
          break;
        case Phase::kLeave:
          if (leave(steps)) phase_ = Phase::kIdle;
          break;
      }
    }
  }

  /// Walks over the keys of slice_; false when `steps` are used up.
  template <class Visit>
  bool walk(std::size_t& steps, Visit&& visit) {
    const bool done = tables_->visit(spaceOf(*slice_), cursor_, steps,
                                     [&](const void* key, types::KeyHash hash, const void* kept) {
                                       --steps;
                                       visit(*static_cast<const K*>(key), hash,
                                             *static_cast<const Accumulator*>(kept));
                                     });
    if (done) cursor_ = {};
    return done;
  }

  /// Slices of the window that are new enter at the back.
  bool enter(std::size_t& steps) {
    for (;;) {
      if (!slice_) {
        const auto next = slices_.lower_bound(entered_);
        if (next == slices_.end() || *next >= window_.end) break;
        slice_ = *next;
      }
      if (!walk(steps, [this](const K& key, types::KeyHash hash, const Accumulator& value) {
            running_.addToBack(key, hash, value);
          })) {
        return false;
      }
      entered_ = *slice_ + sliceSize_;
      slice_.reset();
    }
    entered_ = window_.end;
    return true;
  }

  /// All slices that have entered become the front.
  bool turn(std::size_t& steps) {
    if (!turning_) {
      turning_ = true;
      running_.beginTurn();
      slice_ = newestBefore(entered_);
    }
    while (slice_) {
      if (!walk(steps, [this](const K& key, types::KeyHash hash, const Accumulator& value) {
            running_.turnSlice(*slice_, key, hash, value);
          })) {
        return false;
      }
      slice_ = newestBefore(*slice_);
    }
    turning_ = false;
    running_.endTurn(entered_);
    return true;
  }
  [[nodiscard]] std::optional<types::Timestamp> newestBefore(types::Timestamp time) const {
    const auto after = slices_.lower_bound(time);
    return after == slices_.begin() ? std::nullopt : std::optional(*std::prev(after));
  }

  bool emitAll(std::size_t& steps) {
    std::size_t fired = 0;
    const bool done = emitSome(steps, fired);
    this->countFired(fired);
    return done;
  }
  bool emitSome(std::size_t& steps, std::size_t& fired) {
    this->beginWindow(window_);
    for (; emitted_ < running_.numKeys(); ++emitted_, --steps) {
      if (steps == 0) return false;
      const Accumulator* value = running_.combined(emitted_);
      if (value == nullptr) continue;
      this->key_ = &running_.key(emitted_);
      if constexpr (kCallsFunction)
        this->backend_->setCurrentKey(this->key_, running_.hash(emitted_));
      this->callFunction(*value);
      this->clearFunction();
      ++fired;
    }
    emitted_ = 0;
    return true;
  }

  /// Slices that no later window has leave at the front; false when that is empty, and has to be
  /// made first.
  bool leave(std::size_t& steps) {
    const types::Timestamp end = types::saturatingAdd(window_.start, aligned_.slide);
    while (!slices_.empty() && *slices_.begin() < end) {
      const types::Timestamp oldest = *slices_.begin();
      if (oldest >= running_.split()) {
        phase_ = Phase::kTurn;
        afterTurn_ = Phase::kLeave;
        return false;
      }
      steps -= std::min(steps, running_.leave(oldest));
      tables_->drop(spaceOf(oldest));
      slices_.erase(slices_.begin());
    }
    return true;
  }

  AlignedWindows aligned_;
  std::int64_t sliceSize_;
  RunningWindows<K, typename Definition::Contents> running_;
  state::StateColumn* contents_ = nullptr;
  state::NamespaceTables* tables_ = nullptr;
  state::StateColumn* again_ = nullptr;
  ListState<types::Timestamp> eventTimeState_;
  std::set<types::Timestamp> slices_;       ///< that have state, by their starts
  std::optional<types::Timestamp> chosen_;  ///< slice that the contents' namespace is
  std::vector<TimeWindow> windows_;
  types::Timestamp entered_ = types::kMinWatermark;       ///< slices before this are in running_
  types::Timestamp firedThrough_ = types::kMinWatermark;  ///< windows that end by then are over

  // Where firing goes on.
  Phase phase_ = Phase::kIdle;
  TimeWindow window_;
  std::optional<types::Timestamp> slice_;  ///< that is entering or turning
  state::NamespaceTables::Cursor cursor_;
  Phase afterTurn_ = Phase::kEmit;
  bool turning_ = false;
  std::size_t emitted_ = 0;
};

}  // namespace flink::operators
