#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster/scheduler/restart_strategy.h"
#include "cluster/scheduler/topology.h"
#include "core/base/clock.h"
#include "core/base/executor.h"

namespace flink::jobmanager {

/// The restarts of one job: asks its strategy, and keeps what is to start over until it may.
/// Thread: the JobManager's event loop.
class JobRestarts {
 public:
  /// `onDue` is called on the loop when the strategy's delay is over.
  JobRestarts(std::shared_ptr<scheduler::RestartStrategy> strategy, EventLoop& loop,
              const Clock& clock, std::function<void()> onDue);
  ~JobRestarts();

  /// Tells the strategy of a failure. False: it belongs to the restart that is being prepared.
  bool notifyFailure();
  [[nodiscard]] bool allowed() const;
  /// These start over after the strategy's delay, together with those that wait already.
  void add(const std::vector<scheduler::TaskIndex>& tasks);
  [[nodiscard]] const std::set<scheduler::TaskIndex>& waiting() const { return waiting_; }
  [[nodiscard]] bool due() const {
    return !waiting_.empty() && timer_ == EventLoop::TimerId::kNone;
  }
  /// They start over now. REQUIRES: due().
  std::vector<scheduler::TaskIndex> take();
  void clear();

  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] std::string strategy() const { return strategy_->describe(); }

 private:
  [[nodiscard]] std::int64_t nowMs() const;

  const std::shared_ptr<scheduler::RestartStrategy> strategy_;
  EventLoop& loop_;
  const Clock& clock_;
  const std::function<void()> onDue_;
  std::set<scheduler::TaskIndex> waiting_;
  EventLoop::TimerId timer_ = EventLoop::TimerId::kNone;
  std::int64_t count_ = 0;
};

}  // namespace flink::jobmanager
