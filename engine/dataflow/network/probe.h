#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "core/base/mutex.h"
#include "core/metrics/registry.h"

namespace flink::network {

/// What a partition says of its queues at one moment.
struct OutputFigures {
  std::int64_t queuedBuffers = 0, queuedBytes = 0;
  std::int64_t poolInUse = 0, poolSize = 0;
};
class OutputFiguresSource {
 public:
  virtual ~OutputFiguresSource() = default;
  [[nodiscard]] virtual OutputFigures outputFigures() const = 0;
};

/// What a gate says of its queues at one moment.
struct InputFigures {
  std::int64_t queuedBuffers = 0, queuedBytes = 0;
  std::int64_t exclusiveUsed = 0, exclusiveTotal = 0;
  std::int64_t floatingUsed = 0, floatingTotal = 0;
};
class InputFiguresSource {
 public:
  virtual ~InputFiguresSource() = default;
  [[nodiscard]] virtual InputFigures inputFigures() const = 0;
};

/// The partitions and gates of one task, as its gauges see them.
/// Thread: any.
class TaskQueues {
 public:
  void addOutput(std::weak_ptr<const OutputFiguresSource> source);
  void addInput(std::weak_ptr<const InputFiguresSource> source);
  [[nodiscard]] OutputFigures outputs() const;
  [[nodiscard]] InputFigures inputs() const;

 private:
  mutable Mutex mutex_;
  std::vector<std::weak_ptr<const OutputFiguresSource>> outputs_ FLINK_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<const InputFiguresSource>> inputs_ FLINK_GUARDED_BY(mutex_);
};

/// Flink's Shuffle.Netty.* metrics of one task, summed over its partitions and gates.
/// Thread: any.
class TaskProbe {
 public:
  explicit TaskProbe(metrics::MetricGroup& group);

  [[nodiscard]] TaskQueues& queues() { return *queues_; }
  void countLocal(std::int64_t bytes) {
    buffersLocal_->inc();
    bytesLocal_->inc(bytes);
  }
  void countRemote(std::int64_t bytes) {
    buffersRemote_->inc();
    bytesRemote_->inc(bytes);
  }

 private:
  /// Gauges hold the queues and not the probe: a gauge that held its own group could not be
  /// unregistered.
  const std::shared_ptr<TaskQueues> queues_ = std::make_shared<TaskQueues>();
  std::shared_ptr<metrics::Counter> bytesLocal_, bytesRemote_, buffersLocal_, buffersRemote_;
  std::vector<std::shared_ptr<metrics::MetricGroup>> groups_;
};

/// Counts what one partition passes on. One relaxed add per buffer.
/// Thread: count on the task's step, read anywhere.
class OutputProbe {
 public:
  /// `task` may be null; it lives as long as its partitions and gates.
  explicit OutputProbe(std::shared_ptr<TaskProbe> task) : task_(std::move(task)) {}
  void countBuffer(std::int64_t bytes) {
    buffers_.fetch_add(1, std::memory_order_relaxed);
    countBytes(bytes);
  }
  void countBytes(std::int64_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t buffers() const { return buffers_.load(std::memory_order_relaxed); }

 private:
  const std::shared_ptr<TaskProbe> task_;
  std::atomic<std::int64_t> bytes_{0};
  std::atomic<std::int64_t> buffers_{0};
};

/// Finds the probe of a task by its metric group: its partitions and gates share one.
/// Thread: any.
class TaskProbes {
 public:
  /// Null when `group` is null.
  std::shared_ptr<TaskProbe> of(const std::shared_ptr<metrics::MetricGroup>& group);

 private:
  Mutex mutex_;
  /// Only looked up, never walked in order.
  std::map<const metrics::MetricGroup*, std::weak_ptr<TaskProbe>> probes_ FLINK_GUARDED_BY(mutex_);
};

}  // namespace flink::network
