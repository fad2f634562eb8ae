#include "dataflow/task/task_input.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/base/current_code.h"
#include "core/base/error_codes.h"
#include "dataflow/task/operator_chain.h"

namespace flink::task {

Result<std::unique_ptr<InputReader>> InputReader::make(
    const TaskSpec& spec, const operators::OperatorCatalog& catalog,
    network::NetworkEnvironment& network, OperatorChain& chain,
    const std::shared_ptr<metrics::MetricGroup>& group) {
  std::unique_ptr<InputReader> reader(new InputReader(chain));
  for (const TaskInput& from : spec.inputs) {
    const operators::EdgeCodec* codec =
        catalog.edgeCodec(from.sourceNode, from.targetNode, from.targetInput, from.sideOutputTag);
    if (codec == nullptr) {
      return Status(
          ErrorCode::kFingerprintMismatch,
          fmt::format(
              "the program has no code for an edge of the graph: from={} to={} input={} tag={}",
              from.sourceNode, from.targetNode, from.targetInput, from.sideOutputTag));
    }
    Input input;
    input.spec = &from;
    FLINK_ASSIGN_OR_RETURN(input.gate, network.createGate(from.gate, group));
    input.reader = codec->makeReader(chain.inputOf(from.targetNode, from.targetInput),
                                     input.gate->numChannels());
    input.operatorName = chain.nameOf(from.targetNode).c_str();
    reader->inputs_.push_back(std::move(input));
  }
  reader->numOpen_ = reader->inputs_.size();
  reader->makeValves();
  return reader;
}

void InputReader::makeValves() {
  std::map<std::pair<std::int32_t, std::int32_t>, std::size_t> valveOf;
  std::vector<std::size_t> numChannels;
  for (Input& input : inputs_) {
    const auto [found, isNew] =
        valveOf.try_emplace({input.spec->targetNode, input.spec->targetInput}, numChannels.size());
    if (isNew) numChannels.push_back(0);
    input.valve = found->second;
    input.firstChannel = numChannels[input.valve];
    numChannels[input.valve] += static_cast<std::size_t>(input.gate->numChannels());
  }
  for (const std::size_t n : numChannels) valves_.emplace_back(n);
}

void InputReader::onElement(const Input& input, const types::StreamElement& element) {
  const auto channel = input.firstChannel + static_cast<std::size_t>(input.buffer->channel);
  const auto change = valves_[input.valve].onElement(channel, element);
  if (change.watermark)
    chain_.processWatermark(input.spec->targetNode, input.spec->targetInput, *change.watermark);
  if (change.idle)
    chain_.processWatermarkStatus(input.spec->targetNode, input.spec->targetInput, *change.idle);
}

void InputReader::start(const std::function<void()>& onAvailable) {
  for (Input& input : inputs_) input.gate->start(onAvailable);
}

Result<ReadOutcome> InputReader::readSome(std::size_t maxRecords) {
  ReadOutcome outcome;
  for (std::size_t tried = 0; tried < inputs_.size(); ++tried) {
    Input& input = inputs_[next_];
    next_ = next_ + 1 == inputs_.size() ? 0 : next_ + 1;
    if (input.ended) continue;
    if (input.buffer == nullptr) {
      FLINK_ASSIGN_OR_RETURN(const bool fetched, fetch(input, outcome));
      if (!fetched) continue;
    }
    currentCode.op = input.operatorName;
    FLINK_ASSIGN_OR_RETURN(const operators::EdgeReadResult read,
                           input.reader->read(input.buffer->channel, input.buffer->view,
                                              input.offset, maxRecords, outcome.records));
    if (read.element) onElement(input, *read.element);
    if (read.usedUp) input.buffer.reset();
    outcome.kind = ReadOutcome::Kind::kRead;
    return outcome;
  }
  if (numOpen_ == 0) outcome.kind = ReadOutcome::Kind::kEnded;
  return outcome;
}

Result<bool> InputReader::fetch(Input& input, ReadOutcome& outcome) {
  while (true) {
    FLINK_ASSIGN_OR_RETURN(input.buffer, input.gate->poll());
    if (input.buffer == nullptr) return false;
    if (!input.buffer->event) {
      input.offset = 0;
      outcome.bytes += input.buffer->view.data.size();
      return true;
    }
    input.buffer.reset();
    if (input.gate->finished()) {
      onGateEnded(input);
      return false;
    }
  }
}

void InputReader::onGateEnded(Input& input) {
  input.ended = true;
  --numOpen_;
  const bool othersOpen = std::any_of(inputs_.begin(), inputs_.end(), [&](const Input& other) {
    return !other.ended && other.spec->targetNode == input.spec->targetNode &&
           other.spec->targetInput == input.spec->targetInput;
  });
  if (!othersOpen) chain_.endGateInput(input.spec->targetNode, input.spec->targetInput);
}

void InputReader::close() {
  for (Input& input : inputs_) {
    input.buffer.reset();
    input.gate->close();
  }
}

}  // namespace flink::task
