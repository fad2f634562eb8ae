#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "core/base/check.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/side_outputs.h"
#include "dataflow/operators/windowing/window_contexts.h"
#include "dataflow/operators/windowing/window_definition.h"
#include "dataflow/state/state_contexts.h"

namespace flink::operators {

[[noreturn]] void throwOtherForm(const char* name);

/// What window operators share: the definition, the column of contents, the contexts of user code,
/// and the way of results and late elements.
template <class Definition>
class WindowOperatorBase : public OneInputOperator<typename Definition::Record>,
                           protected TimerTarget {
 public:
  using T = typename Definition::Record;
  using K = typename Definition::Key;
  using W = typename Definition::WindowType;
  using Accumulator = typename Definition::Accumulator;

  [[nodiscard]] const state::KeyOps* stateKey() const override { return &state::keyOps<K>(); }

  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    FLINK_CHECK(context.state.keyedState != nullptr, "a window operator has a keyed backend");
    backend_ = context.state.keyedState;
    timers_.emplace("window-timers", context, static_cast<TimerTarget&>(*this));
    services_.emplace(WindowServices{*backend_, *timers_, *context.metrics});
    functionContext_.emplace(*services_, sideOutputs_);
    numLateRecordsDropped_ = context.metrics->counter("numLateRecordsDropped");
    d_.forEachFunction([this](auto& function) { this->openFunction(function); });
  }

  void close() override {
    timers_.reset();
    d_.forEachFunction([this](auto& function) { this->closeFunction(function); });
    OperatorBase::close();
  }

 protected:
  WindowOperatorBase(const OperatorOutputs& outputs, Definition definition)
      : d_(std::move(definition)), output_(outputs, ""), sideOutputs_(outputs) {}

  /// The column of one accumulator per key and namespace. Its blocks are the same in every layout.
  state::StateColumn& openContents(const char* name, state::StateLayout layout) {
    return *valueOrThrow(backend_->column({name,
                                           state::StateKind::kValue,
                                           &state::valueOps<state::ValueForm<Accumulator, false>>(),
                                           {},
                                           layout}));
  }

  /// Sliding aggregates have two forms of state, windows and slices; neither reads the other's.
  void refuseContents(const char* name) {
    if (!openContents(name, state::StateLayout::kNamespaceMajor)
             .byNamespace()
             ->namespaces()
             .empty())
      throwOtherForm(name);
  }

  /// Makes the record's key the current one.
  void setCurrentKey(const T& record, const types::KeyHash* hash) {
    auto&& selected = callKeySelector(d_.selector, record);
    if constexpr (std::is_same_v<decltype(selected), const K&>) {
      key_ = &selected;
    } else {
      ownKey_ = std::forward<decltype(selected)>(selected);
      key_ = &ownKey_;
    }
    backend_->setCurrentKey(key_, hash == nullptr ? types::keyHash(*key_) : *hash);
  }

  /// Adds a record to what the contents' namespace holds for the current key; true when that was
  /// nothing.
  bool addToContents(state::StateColumn& contents, const T& record, types::Timestamp timestamp) {
    bool created = false;
    auto& accumulator = *static_cast<Accumulator*>(contents.findOrCreate(created));
    if (created) {
      accumulator = d_.contents.start(record, timestamp);
    } else {
      d_.contents.add(accumulator, record, timestamp);
    }
    return created;
  }

  /// Results and side outputs are those of this window from now on.
  void beginWindow(const W& window) {
    output_.setTimestamp(window.maxTimestamp());
    sideOutputs_.setTimestamp(window.maxTimestamp());
    functionContext_->setWindow(window);
  }

  /// Keys of a window that fired without timers of their own: the metrics call them timers, too.
  void countFired(std::size_t keys) {
    if (const auto& fired = this->context().firedTimers)
      fired->inc(static_cast<std::int64_t>(keys));
  }
  /// Calls the window function for the current key.
  void emit(const Accumulator& kept) {
    if constexpr (std::is_same_v<typename Definition::Calls, EmitElements> ||
                  !Definition::Contents::kSingle) {
      callFunction(kept);
    } else {
      // The function may use state, which may move what is kept inside a table.
      const Accumulator copy = kept;
      callFunction(copy);
    }
  }
  void callFunction(const Accumulator& accumulator) {
    d_.contents.withElements(accumulator, [this](const auto& elements) {
      d_.calls.call(*key_, functionContext(), elements, output_.collector());
    });
  }
  /// A key's window is over.
  void clearFunction() { d_.calls.clear(functionContext()); }

  [[nodiscard]] bool isWindowLate(const W& window) const {
    return d_.assigner.isEventTime() && d_.cleanupTime(window) <= services_->watermark;
  }
  /// What to do with a record that entered no window.
  void onSkipped(const T& record, types::Timestamp timestamp) {
    const bool isLate = d_.assigner.isEventTime() &&
                        types::saturatingAdd(timestamp, d_.allowedLateness) <= services_->watermark;
    if (!isLate) return;
    if (!d_.lateDataTag.has_value()) {
      numLateRecordsDropped_->inc();
      return;
    }
    sideOutputs_.setTimestamp(timestamp);
    sideOutputs_.collector(*d_.lateDataTag).collect(record);
  }

  void flushOutputs() {
    backend_->clearCurrentKey();
    output_.flush();
    sideOutputs_.flush();
    this->countOut(output_.numRecords());
  }
  void afterProcessingTimeTimers() override { flushOutputs(); }

  [[nodiscard]] ProcessWindowContext<W>& functionContext() { return *functionContext_; }

  Definition d_;
  Output<typename Definition::Out> output_;
  SideOutputs sideOutputs_;
  state::KeyedStateBackend* backend_ = nullptr;
  std::optional<KeyedTimers> timers_;
  std::optional<WindowServices> services_;
  const K* key_ = nullptr;  ///< the current one

 private:
  std::optional<WindowFunctionContext<W, Definition::kMerging>> functionContext_;
  std::shared_ptr<metrics::Counter> numLateRecordsDropped_;
  K ownKey_{};
};

}  // namespace flink::operators
