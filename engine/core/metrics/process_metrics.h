#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/metrics/registry.h"

namespace flink::metrics {

/// What the system says about this process at one moment, bytes and counts.
struct ProcessFigures {
  std::int64_t cpuTimeNanos = 0;
  std::int64_t threads = 0;
  std::int64_t openFiles = 0, maxFiles = 0;
  std::int64_t residentBytes = 0;
  std::int64_t heapUsed = 0;       ///< handed out by the allocator
  std::int64_t heapCommitted = 0;  ///< held by the allocator
  [[nodiscard]] std::int64_t nonHeap() const {
    return residentBytes > heapCommitted ? residentBytes - heapCommitted : 0;
  }
};
[[nodiscard]] ProcessFigures readProcessFigures();

/// Registers Status.JVM.* and Status.Process.* on a process's root group; see README.md for what
/// they mean here. `heapMax` is the heap of the memory model, -1 when it is not known. `read` gives
/// the figures, those of several processes added up where they are one to Flink. `clock` outlives
/// the group.
void registerProcessMetrics(MetricGroup& root, const Clock& clock, std::int64_t heapMax,
                            std::function<ProcessFigures()> read = readProcessFigures);

/// The same figures by name, those of a TaskManager's memory by the names of Flink's REST API:
/// heapUsed, nonHeapCommitted, ...; what several processes report can be added up.
[[nodiscard]] std::map<std::string, std::int64_t> restProcessFigures();
/// From the names back.
[[nodiscard]] ProcessFigures processFiguresOf(const std::map<std::string, std::int64_t>& values);

}  // namespace flink::metrics
