#include "dataflow/operators/operator_base.h"

#include <stdexcept>

#include <fmt/format.h>

#include "core/base/check.h"

namespace flink::operators {

void throwTypeMismatch(std::string_view tag, const std::type_info& produced,
                       const std::type_info& consumed) {
  throw std::logic_error(
      fmt::format("output and its reader have different types: tag={} produced={} consumed={}", tag,
                  produced.name(), consumed.name()));
}

void throwNotCopyable(const std::type_info& type) {
  throw std::logic_error(fmt::format(
      "several operators read one output, so its records must be copyable: type={}", type.name()));
}

Receiver& SourceOperatorBase::input(int /*index*/) {
  checkFailed("index < numInputs()", "a source has no inputs", __FILE__, __LINE__);
}

void OperatorServices::openServices(OperatorContext& context) {
  context_ = &context;
  name_ = context.operatorName.c_str();
  runtimeContext_.emplace(context);
  numRecordsIn_ = context.metrics->counter("numRecordsIn");
  numRecordsOut_ = context.metrics->counter("numRecordsOut");
  context.metrics->meter("numRecordsInPerSecond", numRecordsIn_);
  context.metrics->meter("numRecordsOutPerSecond", numRecordsOut_);
}

void OperatorServices::closeServices() {
  if (runtimeContext_.has_value()) runtimeContext_->publishAccumulators();
}

}  // namespace flink::operators
