#include "core/base/executor.h"

#include <utility>

#include "core/base/blocking_pool.h"
#include "core/base/task_scheduler.h"

namespace flink {
namespace {

class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor(const ExecutorOptions& options, const Clock& clock)
      : scheduler_(std::make_shared<TaskScheduler>(options, clock)) {
    scheduler_->start();
  }
  ~ThreadExecutor() override { stop(); }

  std::shared_ptr<Handle> add(Steppable& task) override {
    auto entry = std::make_shared<TaskEntry>(task, scheduler_);
    scheduler_->enqueue(entry);
    return entry;
  }
  void await(WaitCondition& condition) override { scheduler_->await(condition); }
  void notify(WaitCondition& condition) override { scheduler_->notify(condition); }
  void runBlocking(std::function<void()> work) override { blocking_.run(std::move(work)); }
  void stop() override {
    blocking_.stop();
    scheduler_->stop();
  }

 private:
  const std::shared_ptr<TaskScheduler> scheduler_;
  BlockingPool blocking_;
};

}  // namespace

std::unique_ptr<Executor> makeThreadExecutor(const ExecutorOptions& options, const Clock& clock) {
  return std::make_unique<ThreadExecutor>(options, clock);
}

}  // namespace flink
