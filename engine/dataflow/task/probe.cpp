#include "dataflow/task/probe.h"

#include <map>
#include <utility>

namespace flink::task {
namespace {

std::map<std::string, std::string> taskVariables(const TaskSpec& spec) {
  return {{"task_id", spec.attempt.vertex.toHex()},
          {"task_name", spec.taskName},
          {"task_attempt_id", spec.attempt.toString()},
          {"task_attempt_num", std::to_string(spec.attempt.attempt)},
          {"subtask_index", std::to_string(spec.attempt.subtask)}};
}

}  // namespace

TaskProbe::TaskProbe(const TaskSpec& spec, metrics::MetricGroup& jobGroup, const Clock& clock)
    : group_(jobGroup.scopedChild("task", taskVariables(spec))),
      times_(std::make_shared<TaskTimes>(clock)),
      initializationMs_(std::make_shared<std::atomic<std::int64_t>>(0)),
      alignmentNanos_(std::make_shared<std::atomic<std::int64_t>>(0)),
      startDelayNanos_(std::make_shared<std::atomic<std::int64_t>>(0)),
      recordsIn_(counterWithRate("numRecordsIn")),
      recordsOut_(counterWithRate("numRecordsOut")),
      bytesIn_(counterWithRate("numBytesIn")),
      bytesOut_(counterWithRate("numBytesOut")),
      buffersOut_(counterWithRate("numBuffersOut")),
      firedTimers_(counterWithRate("numFiredTimers")),
      mails_(std::make_shared<metrics::Counter>()),
      mailboxLatency_(group_->histogram("mailboxLatencyMs")) {
  group_->meter("mailboxMailsPerSecond", mails_);
  const auto show = [this](const std::string& name, const auto& value) {
    group_->gauge(name, [value] { return value->load(std::memory_order_relaxed); });
  };
  show("initializationTime", initializationMs_);
  show("checkpointStartDelayNanos", startDelayNanos_);
  if (!spec.inputs.empty()) show("checkpointAlignmentTime", alignmentNanos_);
  registerTimes();
}

TaskProbe::~TaskProbe() {
  close();
}

std::shared_ptr<metrics::Counter> TaskProbe::counterWithRate(const std::string& name) {
  auto counter = group_->counter(name);
  group_->meter(name + "PerSecond", counter);
  return counter;
}

void TaskProbe::registerTimes() {
  const auto rate = [this](const std::string& name, Activity activity) {
    group_->gauge(name, [times = times_, activity]() -> metrics::GaugeValue {
      return times->msPerSecond(activity);
    });
  };
  const auto total = [this](const std::string& name, auto read) {
    group_->gauge(name, [times = times_, read]() -> metrics::GaugeValue { return read(*times); });
  };
  rate("idleTimeMsPerSecond", Activity::kIdle);
  rate("softBackPressuredTimeMsPerSecond", Activity::kSoftBackPressured);
  rate("hardBackPressuredTimeMsPerSecond", Activity::kHardBackPressured);
  total("busyTimeMsPerSecond", [](const TaskTimes& t) { return t.busyMsPerSecond(); });
  total("backPressuredTimeMsPerSecond",
        [](const TaskTimes& t) { return t.backPressuredMsPerSecond(); });
  total("maxSoftBackPressureTimeMs",
        [](const TaskTimes& t) { return t.longestMs(Activity::kSoftBackPressured); });
  total("maxHardBackPressureTimeMs",
        [](const TaskTimes& t) { return t.longestMs(Activity::kHardBackPressured); });
  total("accumulateIdleTimeMs",
        [](const TaskTimes& t) { return t.accumulatedMs(Activity::kIdle); });
  total("accumulateBusyTimeMs",
        [](const TaskTimes& t) { return t.accumulatedMs(Activity::kBusy); });
  total("accumulateBackPressuredTimeMs",
        [](const TaskTimes& t) { return t.accumulatedBackPressuredMs(); });
  total("isBackPressured", [](const TaskTimes& t) { return t.isBackPressured(); });
}

std::shared_ptr<metrics::MetricGroup> TaskProbe::operatorGroup(const ChainNode& node) const {
  return group_->scopedChild("operator",
                             {{"operator_id", node.id.toHex()}, {"operator_name", node.name}});
}

void TaskProbe::watchMailbox(std::function<std::size_t()> size) {
  group_->gauge("mailboxQueueSize", [size = std::move(size)]() -> metrics::GaugeValue {
    return static_cast<std::int64_t>(size());
  });
}

void TaskProbe::watchEventTime(
    metrics::MetricGroup& op, int numInputs, bool isHead,
    const std::shared_ptr<const operators::EventTimeFigures>& figures) const {
  op.gauge("currentOutputWatermark",
           [figures]() -> metrics::GaugeValue { return figures->output(); });
  if (numInputs == 0) return;
  const auto ofInputs = [figures, numInputs]() -> metrics::GaugeValue {
    return figures->inputs(numInputs);
  };
  op.gauge("currentInputWatermark", ofInputs);
  if (isHead) group_->gauge("currentInputWatermark", ofInputs);
  for (int i = 0; numInputs > 1 && i < operators::EventTimeFigures::kMaxInputs; ++i) {
    op.gauge("currentInput" + std::to_string(i + 1) + "Watermark",
             [figures, i]() -> metrics::GaugeValue { return figures->input(i); });
  }
}

void TaskProbe::setOutputs(std::int64_t records, std::int64_t bytes, std::int64_t buffers) {
  recordsOut_->inc(records - recordsOut_->count());
  bytesOut_->inc(bytes - bytesOut_->count());
  buffersOut_->inc(buffers - buffersOut_->count());
}

void TaskProbe::setInitializationTime(Duration time) {
  initializationMs_->store(std::chrono::duration_cast<std::chrono::milliseconds>(time).count(),
                           std::memory_order_relaxed);
}

void TaskProbe::setAlignmentTime(Duration time) {
  alignmentNanos_->store(time.count(), std::memory_order_relaxed);
}

void TaskProbe::setStartDelay(std::int64_t ms) {
  startDelayNanos_->store(ms * 1'000'000, std::memory_order_relaxed);
}

TaskFigures TaskProbe::figures() const {
  TaskFigures figures;
  figures.bytesIn = bytesIn_->count();
  figures.bytesOut = bytesOut_->count();
  figures.recordsIn = recordsIn_->count();
  figures.recordsOut = recordsOut_->count();
  figures.buffersOut = buffersOut_->count();
  figures.accumulatedBackPressuredMs = times_->accumulatedBackPressuredMs();
  figures.accumulatedIdleMs = times_->accumulatedMs(Activity::kIdle);
  figures.accumulatedBusyMs = times_->accumulatedMs(Activity::kBusy);
  figures.backPressuredMsPerSecond = times_->backPressuredMsPerSecond();
  figures.idleMsPerSecond = times_->msPerSecond(Activity::kIdle);
  figures.busyMsPerSecond = times_->busyMsPerSecond();
  return figures;
}

void TaskProbe::close() {
  group_->close();
}

}  // namespace flink::task
