#include "dataflow/network/probe.h"

#include <utility>

namespace flink::network {
namespace {

double usage(std::int64_t used, std::int64_t total) {
  return total <= 0 ? 0.0 : static_cast<double>(used) / static_cast<double>(total);
}

std::shared_ptr<metrics::Counter> countedPerSecond(metrics::MetricGroup& group, const std::string& name) {
  auto counter = group.counter(name);
  group.meter(name + "PerSecond", counter);
  return counter;
}

/// A gauge that reads `read(probe)` and says 0 once the probe is gone.
template <class Read>
metrics::Gauge gaugeOf(const std::shared_ptr<TaskProbe>& probe, Read read) {
  return [weak = std::weak_ptr(probe), read]() -> metrics::GaugeValue {
    const auto self = weak.lock();
    if (self == nullptr) return std::int64_t{0};
    return read(*self);
  };
}

}  // namespace

std::shared_ptr<TaskProbe> TaskProbe::create(metrics::MetricGroup& group) {
  auto probe = std::make_shared<TaskProbe>();
  const auto shuffle = group.addGroup("Shuffle");
  const auto netty = shuffle->addGroup("Netty");
  const auto input = netty->addGroup("Input");
  probe->bytesLocal_ = countedPerSecond(*input, "numBytesInLocal");
  probe->bytesRemote_ = countedPerSecond(*input, "numBytesInRemote");
  probe->buffersLocal_ = countedPerSecond(*input, "numBuffersInLocal");
  probe->buffersRemote_ = countedPerSecond(*input, "numBuffersInRemote");
  probe->groups_ = {shuffle, netty, input};
  probe->registerGauges(*netty);
  return probe;
}

void TaskProbe::registerGauges(metrics::MetricGroup& netty) {
  const auto input = netty.addGroup("Input");
  const auto inputBuffers = input->addGroup("Buffers");
  const auto output = netty.addGroup("Output");
  const auto outputBuffers = output->addGroup("Buffers");
  const auto self = shared_from_this();
  const auto addInputGauge = [&](const char* name, metrics::GaugeValue (*read)(const InputFigures&)) {
    inputBuffers->gauge(name, gaugeOf(self, [read](const TaskProbe& probe) { return read(probe.inputs()); }));
  };
  const auto addOutputGauge = [&](const char* name, metrics::GaugeValue (*read)(const OutputFigures&)) {
    outputBuffers->gauge(name, gaugeOf(self, [read](const TaskProbe& probe) { return read(probe.outputs()); }));
  };
  using Value = metrics::GaugeValue;
  addInputGauge("inputQueueLength", [](const InputFigures& f) -> Value { return f.queuedBuffers; });
  addInputGauge("inputQueueSize", [](const InputFigures& f) -> Value { return f.queuedBytes; });
  addInputGauge("inPoolUsage", [](const InputFigures& f) -> Value {
    return usage(f.exclusiveUsed + f.floatingUsed, f.exclusiveTotal + f.floatingTotal);
  });
  addInputGauge("inputFloatingBuffersUsage", [](const InputFigures& f) -> Value { return usage(f.floatingUsed, f.floatingTotal); });
  addInputGauge("inputExclusiveBuffersUsage",
                [](const InputFigures& f) -> Value { return usage(f.exclusiveUsed, f.exclusiveTotal); });
  addOutputGauge("outputQueueLength", [](const OutputFigures& f) -> Value { return f.queuedBuffers; });
  addOutputGauge("outputQueueSize", [](const OutputFigures& f) -> Value { return f.queuedBytes; });
  addOutputGauge("outPoolUsage", [](const OutputFigures& f) -> Value { return usage(f.poolInUse, f.poolSize); });
  groups_.insert(groups_.end(), {input, inputBuffers, output, outputBuffers});
}

void TaskProbe::addOutput(std::weak_ptr<const OutputFiguresSource> source) {
  MutexLock lock(mutex_);
  outputs_.push_back(std::move(source));
}

void TaskProbe::addInput(std::weak_ptr<const InputFiguresSource> source) {
  MutexLock lock(mutex_);
  inputs_.push_back(std::move(source));
}

OutputFigures TaskProbe::outputs() const {
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

InputFigures TaskProbe::inputs() const {
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
    std::erase_if(probes_, [&](const auto& entry) { return entry.first != group.get() && entry.second.expired(); });
    probe = TaskProbe::create(*group);
    probes_[group.get()] = probe;
  }
  return probe;
}

}  // namespace flink::network
