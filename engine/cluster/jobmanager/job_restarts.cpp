#include "cluster/jobmanager/job_restarts.h"

#include <utility>

#include "core/base/check.h"

namespace flink::jobmanager {

JobRestarts::JobRestarts(std::shared_ptr<scheduler::RestartStrategy> strategy, EventLoop& loop,
                         const Clock& clock, std::function<void()> onDue)
    : strategy_(std::move(strategy)), loop_(loop), clock_(clock), onDue_(std::move(onDue)) {}

JobRestarts::~JobRestarts() {
  loop_.cancel(timer_);
}

std::int64_t JobRestarts::nowMs() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch())
      .count();
}

bool JobRestarts::notifyFailure() {
  return strategy_->notifyFailure(nowMs());
}

bool JobRestarts::allowed() const {
  return strategy_->canRestart(nowMs());
}

void JobRestarts::add(const std::vector<scheduler::TaskIndex>& tasks) {
  waiting_.insert(tasks.begin(), tasks.end());
  loop_.cancel(timer_);
  timer_ = loop_.schedule(std::chrono::milliseconds(strategy_->backoffMs(nowMs())), [this] {
    timer_ = EventLoop::TimerId::kNone;
    onDue_();
  });
}

std::vector<scheduler::TaskIndex> JobRestarts::take() {
  FLINK_CHECK(due(), "a restart begins after its delay");
  ++count_;
  const auto tasks = std::exchange(waiting_, {});
  return {tasks.begin(), tasks.end()};
}

void JobRestarts::clear() {
  loop_.cancel(timer_);
  timer_ = EventLoop::TimerId::kNone;
  waiting_.clear();
}

}  // namespace flink::jobmanager
