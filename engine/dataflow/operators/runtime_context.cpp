#include "dataflow/operators/runtime_context.h"

#include <stdexcept>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/runtime_state.h"

namespace flink {

namespace operators::detail {
std::string numberText(std::int64_t value) {
  return fmt::format("{}", value);
}
std::string numberText(double value) {
  return fmt::format("{}", value);
}
}  // namespace operators::detail

void AccumulatorSet::forEach(
    const std::function<void(const std::string&, std::string)>& visit) const {
  for (const auto& [name, accumulator] : entries_) visit(name, accumulator->valueText());
}

void AccumulatorSet::refuse(const std::string& name) {
  throw std::invalid_argument(
      fmt::format("an accumulator of another type has this name: name={}", name));
}

void throwNoKeyedState() {
  throw StatusException(Status(
      ErrorCode::kStateNoKey,
      "Keyed state can only be used on a 'keyed stream', i.e., after a 'keyBy()' operation."));
}

RuntimeContext::RuntimeContext(operators::OperatorContext& context) : context_(context) {
  if (context.state.keyedState != nullptr)
    keyedState_ = std::make_unique<KeyedStateStore>(*context.state.keyedState,
                                                    state::StateLayout::kNoNamespace);
}

RuntimeContext::~RuntimeContext() = default;

LongCounter& RuntimeContext::getLongCounter(const std::string& name) {
  return accumulators_.get<LongCounter>(name);
}
IntCounter& RuntimeContext::getIntCounter(const std::string& name) {
  return accumulators_.get<IntCounter>(name);
}
DoubleCounter& RuntimeContext::getDoubleCounter(const std::string& name) {
  return accumulators_.get<DoubleCounter>(name);
}

KeyedStateStore& RuntimeContext::keyedState() {
  if (!keyedState_) throwNoKeyedState();
  return *keyedState_;
}

state::OperatorStateBackend& RuntimeContext::operatorState() const {
  FLINK_CHECK(context_.state.operatorState != nullptr, "an operator without a state backend");
  return *context_.state.operatorState;
}

const std::string& RuntimeContext::getJobName() const {
  return context_.jobName;
}
std::string RuntimeContext::getJobId() const {
  return context_.jobId.toHex();
}
const std::string& RuntimeContext::getTaskName() const {
  return context_.taskName;
}
const std::string& RuntimeContext::getOperatorName() const {
  return context_.operatorName;
}
std::string RuntimeContext::getTaskNameWithSubtasks() const {
  return fmt::format("{} ({}/{})#{}", context_.taskName, context_.subtaskIndex + 1,
                     context_.parallelism, context_.attemptNumber);
}
int RuntimeContext::getIndexOfThisSubtask() const {
  return context_.subtaskIndex;
}
int RuntimeContext::getNumberOfParallelSubtasks() const {
  return context_.parallelism;
}
int RuntimeContext::getMaxNumberOfParallelSubtasks() const {
  return context_.maxParallelism;
}
int RuntimeContext::getAttemptNumber() const {
  return context_.attemptNumber;
}
metrics::MetricGroup& RuntimeContext::getMetricGroup() const {
  return *context_.metrics;
}

const std::map<std::string, std::string>& RuntimeContext::getGlobalJobParameters() const {
  static const std::map<std::string, std::string> kNone;
  return context_.globalJobParameters == nullptr ? kNone : *context_.globalJobParameters;
}

void RuntimeContext::publishAccumulators() {
  if (context_.setAccumulator == nullptr) return;
  accumulators_.forEach(context_.setAccumulator);
}

}  // namespace flink
