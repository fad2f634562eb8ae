#include "dataflow/network/probe.h"

#include <utility>

namespace flink::network {
namespace {

double usage(std::int64_t used, std::int64_t total) {
  return total <= 0 ? 0.0 : static_cast<double>(used) / static_cast<double>(total);
}

std::shared_ptr<metrics::Counter> countedPerSecond(metrics::MetricGroup& group,
                                                   const std::string& name) {
  auto counter = group.counter(name);
  group.meter(name + "PerSecond", counter);
  return counter;
}

}  // namespace

TaskProbe::TaskProbe(metrics::MetricGroup& group) {
  const auto shuffle = group.addGroup("Shuffle");
  const auto netty = shuffle->addGroup("Netty");
  const auto input = netty->addGroup("Input");
  const auto inputBuffers = input->addGroup("Buffers");
  const auto output = netty->addGroup("Output");
  const auto outputBuffers = output->addGroup("Buffers");
  groups_ = {shuffle, netty, input, inputBuffers, output, outputBuffers};

  bytesLocal_ = countedPerSecond(*input, "numBytesInLocal");
  bytesRemote_ = countedPerSecond(*input, "numBytesInRemote");
  buffersLocal_ = countedPerSecond(*input, "numBuffersInLocal");
  buffersRemote_ = countedPerSecond(*input, "numBuffersInRemote");

  // Flink keeps the older names beside them.
  const std::pair<const char*, std::shared_ptr<metrics::Counter>> counters[] = {
      {"numBytesInLocal", bytesLocal_},
      {"numBytesInRemote", bytesRemote_},
      {"numBuffersInLocal", buffersLocal_},
      {"numBuffersInRemote", buffersRemote_}};
  for (const auto& [name, counter] : counters) {
    group.gauge(name, [counter = counter]() -> metrics::GaugeValue { return counter->count(); });
    group.meter(std::string(name) + "PerSecond", counter);
  }

  using Value = metrics::GaugeValue;
  const auto addInputGauge = [&](const char* name, Value (*read)(const InputFigures&)) {
    inputBuffers->gauge(name, [queues = queues_, read] { return read(queues->inputs()); });
  };
  addInputGauge("inputQueueLength", [](const InputFigures& f) -> Value { return f.queuedBuffers; });
  addInputGauge("inputQueueSize", [](const InputFigures& f) -> Value { return f.queuedBytes; });
  addInputGauge("inPoolUsage", [](const InputFigures& f) -> Value {
    return usage(f.exclusiveUsed + f.floatingUsed, f.exclusiveTotal + f.floatingTotal);
  });
  addInputGauge("inputFloatingBuffersUsage", [](const InputFigures& f) -> Value {
    return usage(f.floatingUsed, f.floatingTotal);
  });
  addInputGauge("inputExclusiveBuffersUsage", [](const InputFigures& f) -> Value {
    return usage(f.exclusiveUsed, f.exclusiveTotal);
  });

  const auto addOutputGauge = [&](const char* name, Value (*read)(const OutputFigures&)) {
    outputBuffers->gauge(name, [queues = queues_, read] { return read(queues->outputs()); });
  };
  addOutputGauge("outputQueueLength",
                 [](const OutputFigures& f) -> Value { return f.queuedBuffers; });
  addOutputGauge("outputQueueSize", [](const OutputFigures& f) -> Value { return f.queuedBytes; });
  addOutputGauge("outPoolUsage",
                 [](const OutputFigures& f) -> Value { return usage(f.poolInUse, f.poolSize); });
}

void TaskQueues::addOutput(std::weak_ptr<const OutputFiguresSource> source) {
  MutexLock lock(mutex_);
  outputs_.push_back(std::move(source));
}

void TaskQueues::addInput(std::weak_ptr<const InputFiguresSource> source) {
  MutexLock lock(mutex_);
  inputs_.push_back(std::move(source));
}

OutputFigures TaskQueues::outputs() const {
  MutexLock lock(mutex_);
  OutputFigures sum;
  for (const auto& weak : outputs_) {
    const auto source = weak.lock();
    if (source == nullptr) continue;
    const OutputFigures one = source->outputFigures();
    sum.queuedBuffers += one.queuedBuffers;
    sum.queuedBytes += one.queuedBytes;
    sum.poolInUse += one.poolInUse;
    sum.poolSize += one.poolSize;
  }
  return sum;
}

InputFigures TaskQueues::inputs() const {
  MutexLock lock(mutex_);
  InputFigures sum;
  for (const auto& weak : inputs_) {
    const auto source = weak.lock();
    if (source == nullptr) continue;
    const InputFigures one = source->inputFigures();
    sum.queuedBuffers += one.queuedBuffers;
    sum.queuedBytes += one.queuedBytes;
    sum.exclusiveUsed += one.exclusiveUsed;
    sum.exclusiveTotal += one.exclusiveTotal;
    sum.floatingUsed += one.floatingUsed;
    sum.floatingTotal += one.floatingTotal;
  }
  return sum;
}

std::shared_ptr<TaskProbe> TaskProbes::of(const std::shared_ptr<metrics::MetricGroup>& group) {
  if (group == nullptr) return nullptr;
  MutexLock lock(mutex_);
  std::weak_ptr<TaskProbe>& slot = probes_[group.get()];
  auto probe = slot.lock();
  if (probe == nullptr) {
    // Addresses of ended tasks are forgotten here.
    std::erase_if(probes_, [&](const auto& entry) {
      return entry.first != group.get() && entry.second.expired();
    });
    probe = std::make_shared<TaskProbe>(*group);
    probes_[group.get()] = probe;
  }
  return probe;
}

}  // namespace flink::network
