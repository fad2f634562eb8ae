#include "apps/in_process_worker_launcher.h"

#include <unistd.h>

#include <csignal>
#include <utility>

#include "api/program/job_library.h"
#include "api/program/program_runner.h"
#include "cluster/worker/worker.h"
#include "core/base/executor.h"
#include "core/base/gate.h"

namespace flink::apps {

namespace {

using taskmanager::WorkerExit;

/// A program of a library, or one that is linked into this executable (its library has no path).
worker::Worker::RebuildResult rebuild(const protocol::StartWorkerRequest& start) {
  if (!start.libraryPath.empty()) return program::rebuildProgram(start.libraryPath, start.graph);
  FLINK_ASSIGN_OR_RETURN(
      const auto job,
      program::findJob(program::linkedJobs(), start.graph.program.entry, "this program"));
  return program::rebuildProgram(job, start.graph);
}

/// One worker with its loop. Ends itself on a thread of its own, because a loop cannot stop itself.
class WorkerThreads {
 public:
  WorkerThreads(std::unique_ptr<control::LocalChannel> channel, const Clock& clock,
                FileSystem& files, EventLoop& reaper, std::function<void()> ended)
      : reaper_(reaper), ended_(std::move(ended)), loop_(makeThreadEventLoop("worker", clock)) {
    worker::Worker::Services services{*loop_, clock, files, rebuild, {}, [this] { end(); }, [] {}};
    worker_ = std::make_unique<worker::Worker>(std::move(services), std::move(channel));
    worker_->start();
  }

 private:
  void end() {
    reaper_.post([this] {
      loop_->stop();
      worker_.reset();
      loop_.reset();
      auto ended = std::move(ended_);
      ended();
    });
  }

  EventLoop& reaper_;
  std::function<void()> ended_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<worker::Worker> worker_;
};

class InProcessWorker final : public taskmanager::WorkerProcess {
 public:
  explicit InProcessWorker(std::unique_ptr<control::LocalChannel> channel)
      : channel_(std::move(channel)) {}
  ~InProcessWorker() override { channel_->stop(); }

  [[nodiscard]] int pid() const override { return ::getpid(); }
  control::LocalChannel& channel() override { return *channel_; }
  /// The end of its channel is all that threads can be told.
  void kill(int) override { channel_->stop(); }

 private:
  std::unique_ptr<control::LocalChannel> channel_;
};

class InProcessWorkerLauncher final : public taskmanager::WorkerLauncher {
 public:
  InProcessWorkerLauncher(const Clock& clock, FileSystem& files)
      : clock_(clock), files_(files), reaper_(makeThreadEventLoop("worker-reaper", clock)) {}
  ~InProcessWorkerLauncher() override {
    running_.close();
    reaper_->stop();
  }

  Result<std::unique_ptr<taskmanager::WorkerProcess>> launch(
      taskmanager::WorkerLaunch, std::function<void(WorkerExit)> onExit) override {
    FLINK_ASSIGN_OR_RETURN(auto pair, control::makeLocalChannelPair());
    FLINK_CHECK(running_.enter(), "a worker is launched after the launcher ended");
    auto threads = std::make_shared<std::unique_ptr<WorkerThreads>>();
    *threads = std::make_unique<WorkerThreads>(control::adoptLocalChannel(std::move(pair.second)),
                                               clock_, files_, *reaper_,
                                               [this, threads, onExit = std::move(onExit)] {
                                                 threads->reset();
                                                 onExit({ExitStatus{0, 0}, ""});
                                                 running_.leave();
                                               });
    return std::unique_ptr<taskmanager::WorkerProcess>(
        std::make_unique<InProcessWorker>(std::move(pair.first)));
  }

 private:
  const Clock& clock_;
  FileSystem& files_;
  std::unique_ptr<EventLoop> reaper_;
  Gate running_;
};

}  // namespace

std::unique_ptr<taskmanager::WorkerLauncher> makeInProcessWorkerLauncher(const Clock& clock,
                                                                         FileSystem& files) {
  return std::make_unique<InProcessWorkerLauncher>(clock, files);
}

}  // namespace flink::apps
