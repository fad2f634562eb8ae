#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "dataflow/operators/operator.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/watermark_emitter.h"
#include "dataflow/operators/watermark_strategy.h"

namespace flink::operators {

/// Gives the records of one subtask timestamps and derives watermarks from them, by a strategy.
/// Thread: the task's step.
template <class T>
class WatermarkAssigner {
 public:
  WatermarkAssigner(OperatorContext& context, const WatermarkStrategy<T>& strategy)
      : context_(context),
        instance_(strategy.instantiate()),
        periodic_(context, emitter_, strategy.idlenessMs(), [this](WatermarkOutput& output) {
          instance_.generator->onPeriodicEmit(output);
        }) {}

  /// Hands the records on with their timestamps, and watermarks between them.
  void process(const Batch<T>& batch, Output<T>& output) {
    periodic_.activity();
    const std::size_t n = batch.records.size();
    if (timestamps_.size() < n) timestamps_.resize(n);
    std::size_t emitted = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const T& record = batch.records[i];
      const types::Timestamp before =
          batch.timestamps == nullptr ? types::kNoTimestamp : batch.timestamps[i];
      timestamps_[i] = instance_.assigner ? instance_.assigner(record, before) : before;
      instance_.generator->onEvent(record, timestamps_[i], emitter_);
      if (emitter_.hasPending()) [[unlikely]] {
        output.forward(batch.records.subspan(emitted, i + 1 - emitted), &timestamps_[emitted]);
        emitted = i + 1;
        emitter_.flush(context_);
      }
    }
    if (emitted < n) output.forward(batch.records.subspan(emitted), &timestamps_[emitted]);
  }

  void endEventTime() {
    emitter_.emitWatermark(types::kMaxWatermark);
    emitter_.flush(context_);
  }

 private:
  OperatorContext& context_;
  typename WatermarkStrategy<T>::Instance instance_;
  WatermarkEmitter emitter_;
  PeriodicEmit periodic_;
  std::vector<types::Timestamp> timestamps_;
};

}  // namespace flink::operators
