#include "cluster/control/program_runner.h"

#include <array>
#include <csignal>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cluster/control/local_channel.h"
#include "cluster/control/rpc.h"
#include "core/base/error_codes.h"

namespace flink::control {
namespace {

using protocol::Method;

/// A program that said it is done but does not end is killed after this time.
constexpr Duration kExitGrace = std::chrono::seconds(5);
constexpr Duration kStartDeadline = std::chrono::seconds(30);

/// Lives on the loop; the launcher's reaper and the loop's timers hold it weakly.
class RunningProgram : public std::enable_shared_from_this<RunningProgram> {
 public:
  RunningProgram(ProgramRunner::Spec spec, EventLoop& loop, const Clock& clock,
                 std::unique_ptr<LocalChannel> channel)
      : spec_(std::move(spec)),
        loop_(loop),
        channel_(std::move(channel)),
        rpc_(options(), loop, clock, *channel_) {}
  ~RunningProgram() { end(); }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  void serve();
  void begin(std::unique_ptr<ChildProcess> child);
  void onExit(const ExitStatus& exit);
  void kill() {
    if (child_) child_->kill(SIGKILL);
  }
  /// Kills a program that still runs and reports nothing any more.
  void end() {
    spec_.done = nullptr;
    kill();
    rpc_.stop();
    channel_->stop();
  }

 private:
  static RpcEndpoint::Options options() {
    RpcEndpoint::Options options;
    options.sender = "program-runner";
    options.heartbeatInterval = Duration::zero();  // user code may compute; its end is seen at once
    return options;
  }
  [[nodiscard]] Status outcome(const ExitStatus& exit) const;

  ProgramRunner::Spec spec_;
  EventLoop& loop_;
  std::unique_ptr<LocalChannel> channel_;
  RpcEndpoint rpc_;
  std::unique_ptr<ChildProcess> child_;
  std::optional<protocol::ProgramFinishedRequest> finished_;
};

void RunningProgram::serve() {
  for (const Method method : {Method::kSubmitJob, Method::kWaitJob, Method::kCancelJob,
                              Method::kGetJob, Method::kCollectResults}) {
    rpc_.serveRaw(method,
                  [this, method](const auto&, Bytes body, RpcEndpoint::RawResponder respond) {
                    spec_.relay(method, std::move(body), rpc_.callerDeadline(), std::move(respond));
                  });
  }
  rpc_.serve<protocol::ProgramFinishedRequest>(
      [this](const auto&, auto request, const auto& respond) {
        finished_ = std::move(request);
        respond(protocol::Empty{});
        loop_.schedule(kExitGrace, [weak = weak_from_this()] {
          if (auto self = weak.lock()) self->kill();
        });
      });
}

void RunningProgram::begin(std::unique_ptr<ChildProcess> child) {
  child_ = std::move(child);
  rpc_.start();
  rpc_.call(LocalChannel::kPeer, spec_.start, kStartDeadline,
            std::function<void(Result<protocol::Empty>)>(
                [weak = weak_from_this()](const Result<protocol::Empty>& taken) {
                  auto self = weak.lock();
                  if (self && !taken) self->kill();  // its exit is reported
                }));
}

Status RunningProgram::outcome(const ExitStatus& exit) const {
  if (!finished_) {
    return {ErrorCode::kProgramInvalid,
            fmt::format("the program's process ended early: {} library={}", exit.toString(),
                        spec_.start.libraryPath)};
  }
  if (finished_->errorId.empty()) return Status::ok();
  const auto code = errorCodeById(finished_->errorId);
  return {code.value_or(ErrorCode::kProgramInvalid), finished_->errorMessage};
}

void RunningProgram::onExit(const ExitStatus& exit) {
  if (!spec_.done) return;
  const auto done = std::exchange(spec_.done, nullptr);
  done(outcome(exit), finished_ ? finished_->numJobs : 0);
}

class SpawnedProgramRunner final : public ProgramRunner {
 public:
  SpawnedProgramRunner(std::shared_ptr<RunningProgram> program, EventLoop& loop)
      : program_(std::move(program)), loop_(loop) {}
  ~SpawnedProgramRunner() override { program_->end(); }
  SpawnedProgramRunner(const SpawnedProgramRunner&) = delete;
  SpawnedProgramRunner& operator=(const SpawnedProgramRunner&) = delete;
  void kill() override {
    loop_.post([program = program_] { program->kill(); });
  }

 private:
  std::shared_ptr<RunningProgram> program_;
  EventLoop& loop_;
};

}  // namespace

Result<std::unique_ptr<ProgramRunner>> ProgramRunner::start(Spec spec, ProcessLauncher& launcher,
                                                            EventLoop& loop, const Clock& clock) {
  FLINK_ASSIGN_OR_RETURN(auto pair, makeLocalChannelPair());
  ProcessSpec process;
  process.argv = {spec.binary};
  process.inherited.push_back(std::move(pair.second));
  auto program =
      std::make_shared<RunningProgram>(std::move(spec), loop, clock, std::move(pair.first));
  program->serve();
  auto child = launcher.spawn(std::move(process),
                              [weak = std::weak_ptr(program), &loop](const ExitStatus& exit) {
                                if (weak.expired()) return;
                                loop.post([weak, exit] {
                                  if (auto self = weak.lock()) self->onExit(exit);
                                });
                              });
  if (!child) return std::move(child).status();
  auto box = std::make_shared<std::unique_ptr<ChildProcess>>(std::move(*child));
  loop.post([weak = std::weak_ptr(program), box] {
    if (auto self = weak.lock()) self->begin(std::move(*box));
  });
  return std::unique_ptr<ProgramRunner>(
      std::make_unique<SpawnedProgramRunner>(std::move(program), loop));
}

}  // namespace flink::control
