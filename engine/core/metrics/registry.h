#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/mutex.h"

namespace flink::metrics {

/// Counts events. The hot path is one relaxed add per batch.
class Counter {
 public:
  void inc(std::int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  void dec(std::int64_t n = 1) { value_.fetch_sub(n, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t count() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// A rate over the last minute, as Flink's MeterView: fed by a counter, brought up to date when
/// metrics are collected.
class Meter {
 public:
  explicit Meter(std::shared_ptr<Counter> counter, int timeSpanSeconds = 60);
  void markEvent(std::int64_t n = 1) { counter_->inc(n); }
  [[nodiscard]] double rate() const { return rate_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t count() const { return counter_->count(); }
  /// Lets `ticks` intervals of kUpdateIntervalSeconds pass at once: what was counted meanwhile is
  /// spread over them. Called by the registry, one call at a time.
  void update(std::int64_t ticks = 1);
  static constexpr int kUpdateIntervalSeconds = 5;

 private:
  std::shared_ptr<Counter> counter_;
  std::vector<std::int64_t> values_;  ///< counts at the ends of the last intervals, a ring
  std::size_t time_ = 0;
  std::atomic<double> rate_{0};
};

/// Without values everything but count, min and max is NaN.
struct HistogramStatistics {
  std::int64_t count = 0;
  double min = 0, max = 0, mean = 0, stddev = 0;
  double p50 = 0, p75 = 0, p95 = 0, p98 = 0, p99 = 0, p999 = 0;
};

/// The distribution of the last `windowSize` values (Flink's DescriptiveStatisticsHistogram).
class Histogram {
 public:
  explicit Histogram(std::size_t windowSize = 128);
  void update(std::int64_t value);
  [[nodiscard]] HistogramStatistics statistics() const;

 private:
  mutable Mutex mutex_;
  std::vector<std::int64_t> values_ FLINK_GUARDED_BY(mutex_);
  std::size_t windowSize_;
  std::int64_t count_ FLINK_GUARDED_BY(mutex_) = 0;
};

using GaugeValue = std::variant<std::int64_t, double, bool, std::string>;
using Gauge = std::function<GaugeValue()>;

enum class MetricKind : std::uint8_t { kCounter, kGauge, kMeter, kHistogram };

/// One metric's value at one moment: what reporters, heartbeats and REST carry.
struct MetricSample {
  std::string scope;  ///< logical scope, e.g. "taskmanager.job.task.operator"
  std::map<std::string, std::string> variables;  ///< host, tm_id, job_id, ... without <>
  std::string name;  ///< e.g. "numRecordsIn" or "Shuffle.Netty.Input.numBytesInLocal"
  MetricKind kind = MetricKind::kGauge;
  std::variant<std::int64_t, double, bool, std::string, HistogramStatistics> value;
};

/// Where reporters get values from: a registry's collect(), the samples of workers.
using MetricSource = std::function<std::vector<MetricSample>()>;

class MetricRegistry;

/// A node of the metric tree: names metrics below its scope and variables.
/// A name that is registered again gives the counter, meter or histogram that is there; a second
/// gauge or another kind under that name is not reported (and logged). Thread: safe from any
/// thread. Lifetime: close(), or the destruction of the last reference, unregisters its metrics and
/// those of its children. The parent holds a reference to what addGroup() made, but none to what
/// scopedChild() made.
class MetricGroup : public std::enable_shared_from_this<MetricGroup> {
 public:
  ~MetricGroup();
  MetricGroup(const MetricGroup&) = delete;
  MetricGroup& operator=(const MetricGroup&) = delete;
  std::shared_ptr<Counter> counter(const std::string& name);
  std::shared_ptr<Meter> meter(const std::string& name, std::shared_ptr<Counter> counter = nullptr);
  std::shared_ptr<Histogram> histogram(const std::string& name, std::size_t windowSize = 128);
  /// `read` must be callable from the reporter's thread until the group is closed. One that throws
  /// is left out.
  void gauge(const std::string& name, Gauge read);
  /// The child whose metrics are named `<name>.<metric>` (Flink's addGroup(name)), always the same
  /// for one name.
  std::shared_ptr<MetricGroup> addGroup(const std::string& name);
  /// A child with its own scope word and variables, e.g. ("task", {{"task_name", ...}}).
  std::shared_ptr<MetricGroup> scopedChild(const std::string& scopeWord,
                                           std::map<std::string, std::string> variables);
  /// Returns when no gauge of this group is being read any more. REQUIRES: the caller holds no lock
  /// that a gauge takes.
  void close();
  [[nodiscard]] const std::map<std::string, std::string>& variables() const;

 private:
  friend class MetricRegistry;
  struct Node;
  explicit MetricGroup(std::shared_ptr<Node> node);
  static std::shared_ptr<MetricGroup> create(std::shared_ptr<Node> node);

  std::shared_ptr<Node> node_;
};

/// Holds all metrics of one process.
/// Thread: safe from any thread.
class MetricRegistry {
 public:
  explicit MetricRegistry(const Clock& clock);
  ~MetricRegistry();
  /// `scope` is "jobmanager" or "taskmanager". Its groups may outlive the registry.
  std::shared_ptr<MetricGroup> root(const std::string& scope,
                                    std::map<std::string, std::string> variables);
  /// Values of everything registered, in the order of registration. Brings meters up to date.
  std::vector<MetricSample> collect();

 private:
  friend class MetricGroup;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace flink::metrics
