#include "dataflow/task/operator_chain.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/current_code.h"
#include "core/base/error_codes.h"
#include "dataflow/operators/wire_record.h"
#include "dataflow/task/probe.h"
#include "dataflow/task/user_code.h"

namespace flink::task {

namespace {
constexpr std::size_t kAllSteps = static_cast<std::size_t>(-1);
}  // namespace

class OperatorChain::Gateway final : public operators::OperatorEventGateway {
 public:
  Gateway(OperatorId op, std::function<void(const OperatorId&, std::string)> send)
      : op_(op), send_(std::move(send)) {}
  void sendToCoordinator(std::string payload) override { send_(op_, std::move(payload)); }

 private:
  const OperatorId op_;
  const std::function<void(const OperatorId&, std::string)> send_;
};

OperatorChain::~OperatorChain() {
  // Head first: an operator may hold on to its outputs.
  for (auto& node : nodes_) node->op.reset();
}

Result<std::unique_ptr<OperatorChain>> OperatorChain::build(
    const TaskSpec& spec, const std::vector<std::unique_ptr<network::ResultPartition>>& partitions,
    const Services& services) {
  if (spec.chain.empty())
    return Status(ErrorCode::kJobGraphInvalid, "a task has no operators: task=" + spec.taskName);
  std::unique_ptr<OperatorChain> chain(new OperatorChain);
  chain->batchMode_ = spec.batchMode;
  chain->nodes_.resize(spec.chain.size());
  for (std::size_t i = spec.chain.size(); i-- > 0;) {
    chain->nodes_[i] = std::make_unique<Node>();
    chain->fillContext(*chain->nodes_[i], spec.chain[i], spec, services);
    FLINK_RETURN_IF_ERROR(
        chain->connect(*chain->nodes_[i], spec.chain[i], spec, partitions, *services.catalog));
    const operators::OperatorContext& context = chain->nodes_[i]->context;
    services.probe->watchEventTime(*context.metrics, chain->nodes_[i]->op->numInputs(), i == 0,
                                   chain->nodes_[i]->eventTimeFigures);
  }
  for (const TaskInput& input : spec.inputs) {
    Node* node = chain->find(input.targetNode);
    if (node == nullptr || input.targetInput < 0 || input.targetInput >= node->op->numInputs()) {
      return Status(ErrorCode::kJobGraphInvalid,
                    fmt::format("an edge leads to an input that the task does not have: task={} "
                                "operator={} input={}",
                                spec.taskName, input.targetNode, input.targetInput));
    }
    node->fedByGates = true;
  }
  chain->source_ = dynamic_cast<operators::SourceOperatorBase*>(chain->nodes_.front()->op.get());
  if ((chain->source_ == nullptr) == spec.inputs.empty()) {
    return Status(ErrorCode::kJobGraphInvalid,
                  "a task must have either inputs or a source: task=" + spec.taskName);
  }
  return chain;
}

void OperatorChain::fillContext(Node& node, const ChainNode& chainNode, const TaskSpec& spec,
                                const Services& services) {
  node.streamNode = chainNode.streamNode;
  operators::OperatorContext& context = node.context;
  context.jobId = spec.jobId;
  context.jobName = spec.jobName;
  context.taskName = spec.taskName;
  context.operatorName = chainNode.name;
  context.operatorId = chainNode.id;
  context.subtaskIndex = spec.attempt.subtask;
  context.parallelism = spec.parallelism;
  context.maxParallelism = spec.maxParallelism;
  context.attemptNumber = spec.attempt.attempt;
  context.batchMode = spec.batchMode;
  context.checkpointed = spec.checkpointing.periodic;
  context.managedMemoryBytes = spec.managedMemoryBytes;
  context.temporaryDirectory = spec.temporaryDirectory;
  context.metrics = services.probe->operatorGroup(chainNode);
  context.firedTimers = services.probe->firedTimers();
  context.eventTime = node.eventTimeFigures.get();
  context.globalJobParameters = &spec.globalJobParameters;
  context.clock = services.clock;
  context.files = services.files;
  context.executor = services.executor;
  context.processingTime = services.processingTime;
  context.autoWatermarkIntervalMs = spec.autoWatermarkIntervalMs;
  context.emitWatermark = [this, &node](types::Timestamp watermark) {
    emitWatermark(node, watermark);
  };
  context.emitWatermarkStatus = [this, &node](bool idle) { emitWatermarkStatus(node, idle); };
  context.wake = services.wake;
  context.cancelled = services.cancelled;
  context.setAccumulator = services.setAccumulator;
  context.collect = services.collect;
  if (chainNode.hasCoordinator) {
    node.gateway = std::make_unique<Gateway>(chainNode.id, services.sendToCoordinator);
    context.coordinator = node.gateway.get();
  }
}

Status OperatorChain::connect(
    Node& node, const ChainNode& chainNode, const TaskSpec& spec,
    const std::vector<std::unique_ptr<network::ResultPartition>>& partitions,
    const operators::OperatorCatalog& catalog) {
  currentCode.op = node.context.operatorName.c_str();
  const operators::OperatorFactory* factory = catalog.operatorFactory(chainNode.streamNode);
  if (factory == nullptr) {
    return {ErrorCode::kFingerprintMismatch,
            fmt::format("the program has no code for an operator of the graph: operator={} "
                        "node={}",
                        chainNode.name, chainNode.streamNode)};
  }
  operators::OperatorOutputs outputs;
  for (const ChainNode::ChainedOutput& chained : chainNode.outputs) {
    Node* target = find(chained.target);
    if (target == nullptr || target->op->numInputs() < 1) {
      return {ErrorCode::kJobGraphInvalid,
              fmt::format("a chained output leads nowhere: operator={} target={}", chainNode.name,
                          chained.target)};
    }
    outputs.emplace_back(chained.tag, &target->op->input(0));
    node.chainedTo.push_back(target);
  }
  for (std::size_t i = 0; i < spec.outputs.size(); ++i) {
    const TaskOutput& output = spec.outputs[i];
    if (output.sourceNode != chainNode.streamNode) continue;
    const operators::EdgeCodec* codec = catalog.edgeCodec(output.sourceNode, output.targetNode,
                                                          output.targetInput, output.sideOutputTag);
    if (codec == nullptr) {
      return {ErrorCode::kFingerprintMismatch,
              fmt::format("the program has no code for an edge of the graph: from={} to={} "
                          "input={} tag={}",
                          output.sourceNode, output.targetNode, output.targetInput,
                          output.sideOutputTag)};
    }
    node.edgeWriters.push_back(codec->makeWriter(
        *partitions[i], {output.selection, spec.attempt.subtask, output.consumerMaxParallelism}));
    outputs.emplace_back(output.sideOutputTag, node.edgeWriters.back().get());
    node.partitions.push_back(partitions[i].get());
  }
  node.op = factory->create(outputs);
  node.states = std::make_unique<OperatorStates>(*node.op, node.context, spec.stateLatency);
  node.context.state = node.states->initContext();
  return Status::ok();
}

bool OperatorChain::keepsKeyedState() const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [](const auto& node) { return node->states->keepsKeyedState(); });
}

void OperatorChain::publishStateFigures() {
  for (const auto& node : nodes_) {
    if (node->states->keepsKeyedState()) node->states->publishFigures();
  }
}

OperatorChain::Node* OperatorChain::find(std::int32_t streamNode) const {
  for (const auto& node : nodes_) {
    if (node != nullptr && node->op != nullptr && node->streamNode == streamNode) return node.get();
  }
  return nullptr;
}

operators::Receiver& OperatorChain::inputOf(std::int32_t streamNode, int input) const {
  Node* node = find(streamNode);
  FLINK_CHECK(node != nullptr, "an input of an operator that is not in the chain");
  return node->op->input(input);
}

void OperatorChain::open() {
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    Node& node = *nodes_[i];
    currentCode.op = node.context.operatorName.c_str();
    node.opened = true;
    node.op->open(node.context);
  }
}

void OperatorChain::flush() {
  for (const auto& node : nodes_) {
    currentCode.op = node->context.operatorName.c_str();
    node->op->flush();
  }
}

void OperatorChain::processWatermark(std::int32_t streamNode, int input,
                                     types::Timestamp watermark) {
  eventTime_.push_back(
      {find(streamNode), input, {types::StreamElement::Kind::kWatermark, watermark}});
}

void OperatorChain::processWatermarkStatus(std::int32_t streamNode, int input, bool idle) {
  using Kind = types::StreamElement::Kind;
  eventTime_.push_back({find(streamNode), input, {idle ? Kind::kIdle : Kind::kActive, 0}});
}

bool OperatorChain::advance(std::size_t maxSteps) {
  while (!eventTime_.empty()) {
    EventTimeWork& work = eventTime_.front();
    currentCode.op = work.node->context.operatorName.c_str();
    operators::StreamOperator& op = *work.node->op;
    if (!std::exchange(work.begun, true)) {
      if (work.element.kind == types::StreamElement::Kind::kWatermark) {
        op.processWatermark(work.input, work.element.time);
      } else {
        op.processWatermarkStatus(work.input,
                                  work.element.kind == types::StreamElement::Kind::kIdle);
      }
    }
    if (!op.advance(maxSteps)) return false;
    eventTime_.pop_front();
  }
  return true;
}

void OperatorChain::endEventTime() {
  Node& source = *nodes_.front();
  emitWatermarkStatus(source, false);
  emitWatermark(source, types::kMaxWatermark);
}

void OperatorChain::endEdges() {
  for (const auto& node : nodes_) {
    for (network::ResultPartition* partition : node->partitions) {
      operators::wire::broadcastElement(
          *partition, {types::StreamElement::Kind::kWatermark, types::kMaxWatermark});
    }
  }
}

void OperatorChain::emitWatermark(Node& node, types::Timestamp watermark) {
  // An idle output says nothing of event time; in a batch only its end means anything.
  if (node.announcedIdle || (batchMode_ && watermark != types::kMaxWatermark)) return;
  node.context.eventTime->setOutput(watermark);
  for (Node* target : node.chainedTo) {
    currentCode.op = target->context.operatorName.c_str();
    target->op->processWatermark(0, watermark);
    while (!target->op->advance(kAllSteps)) {
    }
  }
  for (network::ResultPartition* partition : node.partitions)
    operators::wire::broadcastElement(*partition,
                                      {types::StreamElement::Kind::kWatermark, watermark});
  currentCode.op = node.context.operatorName.c_str();
}

void OperatorChain::emitWatermarkStatus(Node& node, bool idle) {
  if (batchMode_ || std::exchange(node.announcedIdle, idle) == idle) return;
  for (Node* target : node.chainedTo) {
    currentCode.op = target->context.operatorName.c_str();
    target->op->processWatermarkStatus(0, idle);
    while (!target->op->advance(kAllSteps)) {
    }
  }
  using Kind = types::StreamElement::Kind;
  for (network::ResultPartition* partition : node.partitions)
    operators::wire::broadcastElement(*partition, {idle ? Kind::kIdle : Kind::kActive, 0});
  currentCode.op = node.context.operatorName.c_str();
}

void OperatorChain::endGateInput(std::int32_t streamNode, int input) {
  Node* node = find(streamNode);
  currentCode.op = node->context.operatorName.c_str();
  node->op->endInput(input);
}

bool OperatorChain::finish(std::size_t maxRecords) {
  // Topological order: when a node's turn comes, everything before it has emitted its last record.
  while (finishing_ < nodes_.size()) {
    Node& node = *nodes_[finishing_];
    currentCode.op = node.context.operatorName.c_str();
    if (!std::exchange(node.inputEnded, true) && !node.fedByGates && node.op->numInputs() > 0)
      node.op->endInput(0);
    const bool finished = node.op->finish(maxRecords);
    if (!finished) return false;
    currentCode.op = node.context.operatorName.c_str();
    node.op->flush();
    if (++finishing_ < nodes_.size())
      return false;  // the caller looks at budget and room between operators
  }
  return true;
}

Status OperatorChain::close() {
  Status first;
  for (const auto& node : nodes_) {
    if (!std::exchange(node->opened, false)) continue;
    currentCode.op = node->context.operatorName.c_str();
    try {
      node->op->close();
    } catch (...) {
      Status failure = describeUserException();
      if (first.isOk()) first = std::move(failure);
    }
  }
  return first;
}

void OperatorChain::handleEvent(const OperatorId& op, const std::string& payload) {
  if (source_ == nullptr || nodes_.front()->context.operatorId != op) return;
  currentCode.op = nodes_.front()->context.operatorName.c_str();
  source_->handleEvent(payload);
}

}  // namespace flink::task
