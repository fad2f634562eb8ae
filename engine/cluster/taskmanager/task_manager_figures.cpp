#include "cluster/taskmanager/task_manager_figures.h"

#include <unistd.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

namespace flink::taskmanager {

namespace {

using metrics::MetricSample;

/// Text as a worker writes it: integers, doubles with a fraction, true and false; anything else
/// stays text.
std::variant<std::int64_t, double, bool, std::string, metrics::HistogramStatistics> parseValue(
    const std::string& text) {
  const char* end = text.data() + text.size();
  std::int64_t integer = 0;
  if (const auto [stop, error] = std::from_chars(text.data(), end, integer);
      error == std::errc() && stop == end)
    return integer;
  double number = 0;
  if (const auto [stop, error] = std::from_chars(text.data(), end, number);
      error == std::errc() && stop == end)
    return number;
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (text == "true" || text == "false") return text == "true";
  return text;
}

MetricSample toSample(const protocol::MetricValue& value) {
  MetricSample sample;
  sample.scope = value.scope;
  sample.variables = value.variables;
  sample.name = value.name;
  sample.kind = static_cast<metrics::MetricKind>(value.kind);
  const auto& h = value.histogram;
  if (h.size() == 11) {
    sample.value = metrics::HistogramStatistics{static_cast<std::int64_t>(h[0]),
                                                h[1],
                                                h[2],
                                                h[3],
                                                h[4],
                                                h[5],
                                                h[6],
                                                h[7],
                                                h[8],
                                                h[9],
                                                h[10]};
  } else {
    sample.value = parseValue(value.value);
  }
  return sample;
}

}  // namespace

TaskManagerFigures::TaskManagerFigures(
    const TaskManagerSettings& settings, metrics::MetricRegistry& registry,
    std::function<std::map<std::string, std::int64_t>()> processFigures)
    : host_(settings.host),
      memory_(settings.memory),
      segmentBytes_(std::max<std::int64_t>(settings.segmentBytes, 1)),
      registry_(registry),
      processFigures_(std::move(processFigures)) {}

TaskManagerFigures::~TaskManagerFigures() {
  if (root_ != nullptr) root_->close();
}

void TaskManagerFigures::gauge(const std::string& name,
                               std::int64_t (TaskManagerFigures::*read)() const) {
  root_->gauge(name, [this, read] { return metrics::GaugeValue((this->*read)()); });
}

void TaskManagerFigures::start(const TaskManagerId& id) {
  root_ = registry_.root("taskmanager", {{"host", host_}, {"tm_id", id.text()}});
  gauge("Status.Shuffle.Netty.TotalMemorySegments", &TaskManagerFigures::totalSegments);
  gauge("Status.Shuffle.Netty.UsedMemorySegments", &TaskManagerFigures::usedSegments);
  gauge("Status.Shuffle.Netty.AvailableMemorySegments", &TaskManagerFigures::availableSegments);
  gauge("Status.Shuffle.Netty.TotalMemory", &TaskManagerFigures::totalBytes);
  gauge("Status.Shuffle.Netty.UsedMemory", &TaskManagerFigures::usedBytes);
  gauge("Status.Shuffle.Netty.AvailableMemory", &TaskManagerFigures::availableBytes);
  gauge("Status.Shuffle.Netty.RequestedMemoryUsage", &TaskManagerFigures::requestedPercent);
  gauge("Status.Flink.Memory.Managed.Total", &TaskManagerFigures::managedTotal);
  gauge("Status.Flink.Memory.Managed.Used", &TaskManagerFigures::managedUsed);
}

void TaskManagerFigures::setReport(const JobId& job, const protocol::WorkerReportRequest& report) {
  Worker worker;
  worker.samples.reserve(report.metrics.size());
  for (const auto& value : report.metrics) worker.samples.push_back(toSample(value));
  worker.memory = report.memory;
  const MutexLock lock(mutex_);
  workers_[job] = std::move(worker);
}

void TaskManagerFigures::dropReport(const JobId& job) {
  const MutexLock lock(mutex_);
  const auto worker = workers_.extract(job);
  if (worker.empty()) return;
  endedCpuNanos_ += metrics::processFiguresOf(worker.mapped().memory).cpuTimeNanos;
}

std::int64_t TaskManagerFigures::sumOverWorkers(const std::string& name) const {
  const MutexLock lock(mutex_);
  std::int64_t sum = 0;
  for (const auto& entry : workers_) {
    const auto found = entry.second.memory.find(name);
    if (found != entry.second.memory.end()) sum += found->second;
  }
  return sum;
}

std::map<std::string, std::int64_t> TaskManagerFigures::restMetrics() const {
  auto values = processFigures_ ? processFigures_() : std::map<std::string, std::int64_t>();
  {
    const MutexLock lock(mutex_);
    for (const auto& entry : workers_) {
      for (const auto& [name, value] : entry.second.memory) values[name] += value;
    }
    values["cpuTimeNanos"] += endedCpuNanos_;
  }
  values["heapMax"] = memory_.frameworkHeap + memory_.taskHeap;
  values["nettyShuffleMemorySegmentsTotal"] = totalSegments();
  values["nettyShuffleMemorySegmentsAvailable"] =
      totalSegments() - values["nettyShuffleMemorySegmentsUsed"];
  values["nettyShuffleMemoryTotal"] = totalBytes();
  values["nettyShuffleMemoryUsed"] = values["nettyShuffleMemorySegmentsUsed"] * segmentBytes_;
  values["nettyShuffleMemoryAvailable"] =
      values["nettyShuffleMemorySegmentsAvailable"] * segmentBytes_;
  return values;
}

std::vector<MetricSample> TaskManagerFigures::collect() {
  auto samples = registry_.collect();
  const MutexLock lock(mutex_);
  for (const auto& entry : workers_)
    samples.insert(samples.end(), entry.second.samples.begin(), entry.second.samples.end());
  return samples;
}

protocol::HardwareDescription readHardware(const TaskManagerSettings& settings) {
  const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  protocol::HardwareDescription hardware;
  hardware.cpuCores = settings.numCores;
  hardware.physicalMemory = ::sysconf(_SC_PHYS_PAGES) * page;
  hardware.freeMemory = ::sysconf(_SC_AVPHYS_PAGES) * page;
  hardware.managedMemory = settings.memory.managed;
  return hardware;
}

}  // namespace flink::taskmanager
