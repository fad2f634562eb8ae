#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include "core/base/current_code.h"
#include "core/metrics/registry.h"
#include "dataflow/operators/checkpointed_function.h"
#include "dataflow/operators/event_time_inputs.h"
#include "dataflow/operators/functions.h"
#include "dataflow/operators/operator.h"

namespace flink::operators {

/// What every operator has beside its work: record counters, and the context and life cycle of user
/// functions.
class OperatorServices {
 protected:
  void openServices(OperatorContext& context);
  /// Publishes accumulators. Fine without openServices().
  void closeServices();

  /// Gives a function what its interfaces ask for: runtime context, restored state, open(); later
  /// checkpoints. REQUIRES: openServices() was called; the function stays where it is.
  template <class F>
  void openFunction(F& function) {
    if constexpr (std::is_base_of_v<RichFunction, F>) function.setRuntimeContext(*runtimeContext_);
    if constexpr (std::is_base_of_v<CheckpointedFunction, F>) initializeFunction(function);
    if constexpr (std::is_base_of_v<CheckpointListener, F>) listeners_.push_back(&function);
    if constexpr (std::is_base_of_v<RichFunction, F>) function.open(OpenContext{});
  }
  template <class F>
  void closeFunction(F& function) {
    if constexpr (std::is_base_of_v<RichFunction, F>) {
      if (runtimeContext_.has_value()) function.close();
    }
  }

  void snapshotFunctions(const state::SnapshotContext& context);
  void notifyComplete(state::SnapshotId id);
  void notifyAborted(state::SnapshotId id);

  /// Called when a batch reaches the operator: from now on this thread runs its code.
  void countIn(std::size_t records) {
    currentCode.op = name_;
    numRecordsIn_->inc(static_cast<std::int64_t>(records));
  }
  /// Publishes the running total of an output.
  void countOut(std::uint64_t total) {
    numRecordsOut_->inc(static_cast<std::int64_t>(total - counted_));
    counted_ = total;
  }
  [[nodiscard]] OperatorContext& context() const { return *context_; }
  [[nodiscard]] RuntimeContext& runtimeContext() { return *runtimeContext_; }

 private:
  void initializeFunction(CheckpointedFunction& function);

  OperatorContext* context_ = nullptr;
  const char* name_ = nullptr;
  std::optional<RuntimeContext> runtimeContext_;
  std::shared_ptr<metrics::Counter> numRecordsIn_;
  std::shared_ptr<metrics::Counter> numRecordsOut_;
  std::uint64_t counted_ = 0;
  std::vector<CheckpointedFunction*> checkpointed_;
  std::vector<CheckpointListener*> listeners_;
};

/// Base of operators with inputs: combines their event time and passes it on.
class OperatorBase : public StreamOperator, protected OperatorServices {
 public:
  void open(OperatorContext& context) override;
  void close() override { closeServices(); }
  void snapshotState(const state::SnapshotContext& context) override { snapshotFunctions(context); }
  void notifyCheckpointComplete(state::SnapshotId id) override { notifyComplete(id); }
  void notifyCheckpointAborted(state::SnapshotId id) override { notifyAborted(id); }
  void processWatermark(int index, types::Timestamp watermark) override;
  void processWatermarkStatus(int index, bool idle) override;
  bool advance(std::size_t maxSteps) override;

 protected:
  /// Fires what is due at `watermark`, about `maxSteps` pieces of it; true once nothing is due.
  /// Until then it is called again, before any other input. Emits what it collected before it
  /// returns.
  virtual bool onEventTime(types::Timestamp /*watermark*/, std::size_t /*maxSteps*/) {
    return true;
  }
  /// While onEventTime runs already the new value.
  [[nodiscard]] types::Timestamp currentWatermark() const { return eventTime_->current(); }
  /// REQUIRES: open.
  [[nodiscard]] const EventTimeInputs& eventTime() const { return *eventTime_; }

 private:
  std::optional<EventTimeInputs> eventTime_;
  EventTimeInputs::Change pending_;
};

/// An operator with one input that is its own receiver.
template <class In>
class OneInputOperator : public OperatorBase, public BatchReceiver<In> {
 public:
  [[nodiscard]] int numInputs() const final { return 1; }
  Receiver& input(int /*index*/) final { return *this; }
};

}  // namespace flink::operators
