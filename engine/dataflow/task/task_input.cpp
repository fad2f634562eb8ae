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
    network::NetworkEnvironment& network, OperatorChain& chain, const Clock& clock,
    const std::shared_ptr<metrics::MetricGroup>& group) {
  std::unique_ptr<InputReader> reader(new InputReader(chain, clock));
  std::size_t numChannels = 0;
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
    input.numWithData = static_cast<std::size_t>(input.gate->numChannels());
    input.dataEnded.assign(input.numWithData, false);
    input.firstAligned = numChannels;
    numChannels += input.numWithData;
    reader->inputs_.push_back(std::move(input));
  }
  reader->numOpen_ = reader->numWithData_ = reader->inputs_.size();
  reader->aligner_.emplace(numChannels, spec.checkpointing.exactlyOnce);
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
    if (numWithData_ == 0 && !endOfDataReported_) break;  // before what follows it
    if (input.ended) continue;
    if (input.buffer == nullptr) {
      FLINK_ASSIGN_OR_RETURN(const bool fetched, fetch(input, outcome));
      if (outcome.checkpoint) {
        outcome.kind = ReadOutcome::Kind::kRead;
        return outcome;
      }
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
  if (numOpen_ == 0) {
    outcome.kind = ReadOutcome::Kind::kEnded;
  } else if (numWithData_ == 0 && !std::exchange(endOfDataReported_, true)) {
    outcome.kind = ReadOutcome::Kind::kEndOfData;
  }
  return outcome;
}

Result<bool> InputReader::fetch(Input& input, ReadOutcome& outcome) {
  while (true) {
    FLINK_ASSIGN_OR_RETURN(input.buffer, input.gate->poll());
    if (input.buffer == nullptr) return false;
    if (!input.buffer->event) {
      outcome.bytes += input.buffer->view.data.size();
      if (aligner_->isAligning()) alignmentBytes_ += input.buffer->view.data.size();
      if (discards_) continue;
      input.offset = 0;
      return true;
    }
    const network::ChannelEvent event = std::move(*input.buffer->event);
    const int channel = input.buffer->channel;
    input.buffer.reset();
    FLINK_RETURN_IF_ERROR(onEvent(input, channel, event, outcome));
    // The end of all data is reported before what follows it; behind that only events come, and
    // those that wait already wake nobody again.
    const bool endOfData = numWithData_ == 0 && !endOfDataReported_;
    if (outcome.checkpoint || input.ended || endOfData) return false;
  }
}

Status InputReader::onEvent(Input& input, int channel, const network::ChannelEvent& event,
                            ReadOutcome& outcome) {
  using Type = network::ChannelEvent::Type;
  const std::size_t aligned = input.firstAligned + static_cast<std::size_t>(channel);
  switch (event.type) {
    case Type::kCheckpointBarrier:
      return onBarrier(input, channel, event, outcome);
    case Type::kCancelCheckpoint:
      execute(aligner_->onCancel(event.checkpointId), &input, channel, outcome);
      return Status::ok();
    case Type::kEndOfData:
      drained_ = drained_ && (event.options & network::ChannelEvent::kDrained) != 0;
      onDataEnded(input, channel);
      return Status::ok();
    case Type::kEndOfPartition:
      onDataEnded(input, channel);
      execute(aligner_->onChannelEnded(aligned), &input, channel, outcome);
      if (input.gate->finished()) {
        input.ended = true;
        --numOpen_;
      }
      return Status::ok();
  }
  return Status::ok();
}

void InputReader::onDataEnded(Input& input, int channel) {
  const auto index = static_cast<std::size_t>(channel);
  if (input.dataEnded[index]) return;
  input.dataEnded[index] = true;
  if (--input.numWithData > 0) return;
  --numWithData_;
  const bool othersOpen = std::any_of(inputs_.begin(), inputs_.end(), [&](const Input& other) {
    return other.numWithData > 0 && other.spec->targetNode == input.spec->targetNode &&
           other.spec->targetInput == input.spec->targetInput;
  });
  // Operators of a job that is stopped, not drained, have not come to the end of anything.
  if (!othersOpen && drained_ && !discards_)
    chain_.endGateInput(input.spec->targetNode, input.spec->targetInput);
}

void InputReader::close() {
  for (Input& input : inputs_) {
    input.buffer.reset();
    input.gate->close();
  }
}

}  // namespace flink::task
