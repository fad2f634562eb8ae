#include "core/metrics/process_metrics.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace flink::metrics {
namespace {

/// A reading that all gauges of one scrape share.
class ProcessReader {
 public:
  ProcessReader(const Clock& clock, std::function<ProcessFigures()> read)
      : clock_(clock), read_(std::move(read)) {}

  ProcessFigures figures() {
    const MutexLock lock(mutex_);
    refresh();
    return figures_;
  }

  /// Share of all cores since the reading before this one.
  double cpuLoad() {
    const MutexLock lock(mutex_);
    refresh();
    return cpuLoad_;
  }

 private:
  void refresh() FLINK_REQUIRES(mutex_) {
    constexpr Duration kFresh = std::chrono::seconds(1);
    const MonotonicTime now = clock_.now();
    if (hasReading_ && now - readAt_ < kFresh) return;
    const ProcessFigures next = read_();
    if (hasReading_) {
      const auto elapsed = static_cast<double>((now - readAt_).count());
      const auto cores = static_cast<double>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
      cpuLoad_ = std::clamp(
          static_cast<double>(next.cpuTimeNanos - figures_.cpuTimeNanos) / elapsed / cores, 0.0,
          1.0);
    }
    figures_ = next;
    readAt_ = now;
    hasReading_ = true;
  }

  const Clock& clock_;
  const std::function<ProcessFigures()> read_;
  Mutex mutex_;
  bool hasReading_ FLINK_GUARDED_BY(mutex_) = false;
  MonotonicTime readAt_ FLINK_GUARDED_BY(mutex_);
  ProcessFigures figures_ FLINK_GUARDED_BY(mutex_);
  double cpuLoad_ FLINK_GUARDED_BY(mutex_) = 0;
};

std::int64_t nanos(const timeval& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::int64_t>(time.tv_usec) * 1000;
}

}  // namespace

ProcessFigures readProcessFigures() {
  ProcessFigures figures;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  figures.cpuTimeNanos = nanos(usage.ru_utime) + nanos(usage.ru_stime);
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) figures.residentBytes = std::stoll(line.substr(6)) << 10;
    if (line.starts_with("Threads:")) figures.threads = std::stoll(line.substr(8));
  }
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error)) {
    ++figures.openFiles;
  }
  if (figures.openFiles > 0) --figures.openFiles;  // the directory itself
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  figures.maxFiles = static_cast<std::int64_t>(limit.rlim_cur);
  const struct mallinfo2 heap = ::mallinfo2();
  figures.heapUsed = static_cast<std::int64_t>(heap.uordblks + heap.hblkhd);
  figures.heapCommitted = static_cast<std::int64_t>(heap.arena + heap.hblkhd);
  return figures;
}

void registerProcessMetrics(MetricGroup& root, const Clock& clock, std::int64_t heapMax,
                            std::function<ProcessFigures()> read) {
  const auto reader = std::make_shared<ProcessReader>(clock, std::move(read));
  const auto status = root.addGroup("Status");
  const auto jvm = status->addGroup("JVM");
  const auto add = [&](MetricGroup& group, const std::string& name,
                       std::int64_t (*read)(const ProcessFigures&)) {
    group.gauge(name, [reader, read]() -> GaugeValue { return read(reader->figures()); });
  };
  using F = const ProcessFigures&;
  const auto cpu = jvm->addGroup("CPU");
  cpu->gauge("Load", [reader]() -> GaugeValue { return reader->cpuLoad(); });
  add(*cpu, "Time", [](F f) { return f.cpuTimeNanos; });
  add(*jvm->addGroup("Threads"), "Count", [](F f) { return f.threads; });
  const auto files = jvm->addGroup("FileDescriptor");
  add(*files, "Open", [](F f) { return f.openFiles; });
  add(*files, "Max", [](F f) { return f.maxFiles; });
  const auto memory = jvm->addGroup("Memory");
  const auto heap = memory->addGroup("Heap");
  add(*heap, "Used", [](F f) { return f.heapUsed; });
  add(*heap, "Committed", [](F f) { return f.heapCommitted; });
  heap->gauge("Max", [heapMax]() -> GaugeValue { return heapMax; });
  const auto nonHeap = memory->addGroup("NonHeap");
  add(*nonHeap, "Used", [](F f) { return f.nonHeap(); });
  add(*nonHeap, "Committed", [](F f) { return f.nonHeap(); });
  nonHeap->gauge("Max", []() -> GaugeValue { return std::int64_t{-1}; });
  add(*status->addGroup("Process")->addGroup("Memory"), "ResidentSize",
      [](F f) { return f.residentBytes; });
}

std::map<std::string, std::int64_t> restProcessFigures() {
  const ProcessFigures figures = readProcessFigures();
  return {{"heapUsed", figures.heapUsed},
          {"heapCommitted", figures.heapCommitted},
          {"nonHeapUsed", figures.nonHeap()},
          {"nonHeapCommitted", figures.nonHeap()},
          {"residentBytes", figures.residentBytes},
          {"cpuTimeNanos", figures.cpuTimeNanos},
          {"threads", figures.threads},
          {"openFiles", figures.openFiles},
          {"maxFiles", figures.maxFiles}};
}

ProcessFigures processFiguresOf(const std::map<std::string, std::int64_t>& values) {
  const auto value = [&](const char* name) {
    const auto it = values.find(name);
    return it == values.end() ? 0 : it->second;
  };
  ProcessFigures figures;
  figures.heapUsed = value("heapUsed");
  figures.heapCommitted = value("heapCommitted");
  figures.residentBytes = value("residentBytes");
  figures.cpuTimeNanos = value("cpuTimeNanos");
  figures.threads = value("threads");
  figures.openFiles = value("openFiles");
  figures.maxFiles = value("maxFiles");
  return figures;
}

}  // namespace flink::metrics
