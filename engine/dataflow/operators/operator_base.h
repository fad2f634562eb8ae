#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>

#include "core/base/current_code.h"
#include "core/metrics/registry.h"
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

  /// Calls setRuntimeContext and open of a rich function; nothing for others. REQUIRES:
  /// openServices() was called.
  template <class F>
  void openFunction(F& function) {
    if constexpr (std::is_base_of_v<RichFunction, F>) {
      function.setRuntimeContext(*runtimeContext_);
      function.open(OpenContext{});
    }
  }
  template <class F>
  void closeFunction(F& function) {
    if constexpr (std::is_base_of_v<RichFunction, F>) {
      if (runtimeContext_.has_value()) function.close();
    }
  }

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
  OperatorContext* context_ = nullptr;
  const char* name_ = nullptr;
  std::optional<RuntimeContext> runtimeContext_;
  std::shared_ptr<metrics::Counter> numRecordsIn_;
  std::shared_ptr<metrics::Counter> numRecordsOut_;
  std::uint64_t counted_ = 0;
};

/// Base of operators with inputs.
class OperatorBase : public StreamOperator, protected OperatorServices {
 public:
  void open(OperatorContext& context) override { openServices(context); }
  void close() override { closeServices(); }
};

/// An operator with one input that is its own receiver.
template <class In>
class OneInputOperator : public OperatorBase, public BatchReceiver<In> {
 public:
  [[nodiscard]] int numInputs() const final { return 1; }
  Receiver& input(int /*index*/) final { return *this; }
};

}  // namespace flink::operators
