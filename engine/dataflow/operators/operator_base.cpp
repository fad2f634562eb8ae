#include "dataflow/operators/operator_base.h"

#include <stdexcept>

#include <fmt/format.h>

#include "core/base/check.h"
#include "dataflow/operators/event_time_figures.h"

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

namespace {
[[noreturn]] void noInputs() {
  checkFailed("index < numInputs()", "a source has no inputs", __FILE__, __LINE__);
}
}  // namespace

Receiver& SourceOperatorBase::input(int /*index*/) {
  noInputs();
}
void SourceOperatorBase::processWatermark(int /*index*/, types::Timestamp /*watermark*/) {
  noInputs();
}
void SourceOperatorBase::processWatermarkStatus(int /*index*/, bool /*idle*/) {
  noInputs();
}

void OperatorBase::open(OperatorContext& context) {
  openServices(context);
  eventTime_.emplace(numInputs());
}

void OperatorBase::processWatermark(int index, types::Timestamp watermark) {
  if (context().eventTime != nullptr) context().eventTime->setInput(index, watermark);
  pending_ = eventTime_->onWatermark(index, watermark);
}

void OperatorBase::processWatermarkStatus(int index, bool idle) {
  pending_ = eventTime_->onStatus(index, idle);
}

bool OperatorBase::advance(std::size_t maxSteps) {
  if (pending_.idle == false) {
    pending_.idle.reset();
    context().emitWatermarkStatus(false);
  }
  if (pending_.watermark) {
    if (!onEventTime(*pending_.watermark, maxSteps)) return false;
    const types::Timestamp reached = *pending_.watermark;
    pending_.watermark.reset();
    context().emitWatermark(reached);
  }
  if (pending_.idle) {
    pending_.idle.reset();
    context().emitWatermarkStatus(true);
  }
  return true;
}

void OperatorServices::openServices(OperatorContext& context) {
  context_ = &context;
  name_ = context.operatorName.c_str();
  runtimeContext_.emplace(context);
  numRecordsIn_ = context.metrics->counter("numRecordsIn");
  numRecordsOut_ = context.metrics->counter("numRecordsOut");
  context.metrics->meter("numRecordsInPerSecond", numRecordsIn_);
  context.metrics->meter("numRecordsOutPerSecond", numRecordsOut_);
  // Bytes that an operator exchanges with the outside: connectors count them under these names.
  for (const char* name : {"numBytesIn", "numBytesOut"}) {
    context.metrics->meter(std::string(name) + "PerSecond", context.metrics->counter(name));
  }
}

void OperatorServices::initializeFunction(CheckpointedFunction& function) {
  FLINK_CHECK(context_->state.operatorState != nullptr, "an operator without a state backend");
  FunctionInitializationContext initialization(context_->state);
  function.initializeState(initialization);
  checkpointed_.push_back(&function);
}

void OperatorServices::snapshotFunctions(const state::SnapshotContext& context) {
  FunctionSnapshotContext snapshot(context);
  for (CheckpointedFunction* function : checkpointed_) function->snapshotState(snapshot);
}

void OperatorServices::notifyComplete(state::SnapshotId id) {
  for (CheckpointListener* listener : listeners_)
    listener->notifyCheckpointComplete(static_cast<std::int64_t>(id));
}

void OperatorServices::notifyAborted(state::SnapshotId id) {
  for (CheckpointListener* listener : listeners_)
    listener->notifyCheckpointAborted(static_cast<std::int64_t>(id));
}

void OperatorServices::closeServices() {
  if (runtimeContext_.has_value()) runtimeContext_->publishAccumulators();
}

}  // namespace flink::operators
