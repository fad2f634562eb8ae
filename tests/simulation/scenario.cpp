#include "tests/simulation/scenario.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "api/program/job_library.h"
#include "api/program/program_runner.h"
#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "dataflow/checkpoint/report.h"
#include "tests/connectors/temporary_directory.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/program.h"

namespace flink::simulation {
namespace {

using std::chrono::milliseconds;

/// Simulated time after which a job that has not ended is stuck.
constexpr Duration kPatience = std::chrono::minutes(3);
constexpr Duration kLookInterval = milliseconds(2);
constexpr std::int64_t kMinCheckpoints = 3;

enum class FaultKind { kKillWorker, kKillTaskManager, kFailHost, kPartition, kDiskFull };

const char* nameOf(FaultKind kind) {
  switch (kind) {
    case FaultKind::kKillWorker:
      return "worker killed";
    case FaultKind::kKillTaskManager:
      return "TaskManager killed";
    case FaultKind::kFailHost:
      return "power of a host failed";
    case FaultKind::kPartition:
      return "host cut off from the JobManager";
    case FaultKind::kDiskFull:
      return "disk full";
  }
  return "";
}

struct Fault {
  FaultKind kind;
  int afterCheckpoints = 1;  ///< since the fault before
  Duration delay{};          ///< after that checkpoint
};

/// Everything about a run that is decided before it begins.
struct Plan {
  Workload workload;
  int numTaskManagers = 2;
  int slots = 2;
  Duration stepBudget = milliseconds(1);
  Duration perEvent = std::chrono::microseconds(20);
  Duration checkpointInterval = milliseconds(50);
  NetworkFaults messages;
  StreamFaults streams;
  double stallProbability = 0;
  Duration longestStall{};
  std::vector<Fault> faults;
  config::Configuration configuration;
};

FaultKind drawKind(Kernel& kernel) {
  const std::uint64_t drawn = kernel.below(100);
  if (drawn < 35) return FaultKind::kKillWorker;
  if (drawn < 60) return FaultKind::kKillTaskManager;
  if (drawn < 85) return FaultKind::kFailHost;
  if (drawn < 93) return FaultKind::kPartition;
  return FaultKind::kDiskFull;
}

void configure(Plan& plan, Kernel& kernel, const std::string& temporaryDirectory) {
  auto& configuration = plan.configuration;
  const auto set = [&](const char* key, const std::string& value) {
    configuration.setString(key, value);
  };
  const auto ms = [](Duration duration) {
    return fmt::format("{} ms", std::chrono::duration_cast<milliseconds>(duration).count());
  };
  set("jobmanager.rpc.address", "localhost");
  set("jobmanager.rpc.port", "6123");
  set("jobmanager.memory.process.size", "1600m");
  set("taskmanager.numberOfTaskSlots", std::to_string(plan.slots));
  set("taskmanager.memory.process.size", "1728m");
  set("taskmanager.memory.segment-size", "4kb");
  set("taskmanager.memory.network.min", "8mb");
  set("taskmanager.memory.network.max", "8mb");
  set("taskmanager.network.memory.buffers-per-channel", std::to_string(1 + kernel.below(2)));
  set("taskmanager.network.memory.floating-buffers-per-gate", std::to_string(1 + kernel.below(4)));
  set("execution.buffer-timeout.interval", ms(milliseconds(kernel.below(3) * 10)));
  set("io.tmp.dirs", temporaryDirectory);
  set("heartbeat.interval", "500 ms");
  set("heartbeat.timeout", "3 s");
  set("parallelism.default", std::to_string(plan.workload.parallelism));
  set("execution.checkpointing.dir", "/checkpoints");
  set("execution.checkpointing.interval", ms(plan.checkpointInterval));
  // Some checkpoints do not make it, and are aborted.
  set("execution.checkpointing.timeout",
      ms(kernel.below(3) == 0 ? milliseconds(40 + kernel.below(60)) : milliseconds(5000)));
  set("execution.checkpointing.tolerable-failed-checkpoints", "1000");
  set("execution.checkpointing.max-concurrent-checkpoints", std::to_string(1 + kernel.below(2)));
  set("execution.checkpointing.num-retained", std::to_string(1 + kernel.below(2)));
  set("execution.checkpointing.data-inline-threshold", kernel.below(2) == 0 ? "0 b" : "1 kb");
  set("execution.checkpointing.snapshot-compression", kernel.below(2) == 0 ? "false" : "true");
  set("restart-strategy.type", "fixed-delay");
  set("restart-strategy.fixed-delay.attempts", "1000");
  set("restart-strategy.fixed-delay.delay", ms(milliseconds(1 + kernel.below(50))));
}

Plan makePlan(Kernel& kernel, const std::string& temporaryDirectory) {
  Plan plan;
  plan.workload.parallelism = 1 + static_cast<int>(kernel.below(3));
  // At least 10,000 events over both sources.
  plan.workload.eventsPerSubtask = 7000 / plan.workload.parallelism + 1;
  plan.workload.eventsPerSubtask += plan.workload.eventsPerSubtask % 2;
  plan.workload.numKeys = 5 + static_cast<std::int64_t>(kernel.below(60));
  plan.workload.disorderMs = 1 + static_cast<std::int64_t>(kernel.below(40));
  plan.workload.periodMs = 100 + static_cast<std::int64_t>(kernel.below(400));
  plan.numTaskManagers = 2 + static_cast<int>(kernel.below(2));
  // One of them may be away.
  plan.slots = (plan.workload.parallelism + plan.numTaskManagers - 2) / (plan.numTaskManagers - 1);
  plan.stepBudget = std::chrono::microseconds(100 + kernel.below(900));
  plan.perEvent = std::chrono::microseconds(10 + kernel.below(40));
  plan.checkpointInterval = milliseconds(20 + kernel.below(60));
  plan.messages.longestDelay = std::chrono::microseconds(50 + kernel.below(2000));
  plan.messages.repeatFrame = kernel.below(3) == 0 ? 0.01 : 0;
  plan.messages.breakConnection = kernel.below(3) == 0 ? 0.0005 : 0;
  plan.streams.longestDelay = std::chrono::microseconds(20 + kernel.below(1000));
  plan.streams.breakConnection = kernel.below(4) == 0 ? 0.0002 : 0;
  plan.stallProbability = kernel.below(2) == 0 ? 0.002 : 0;
  plan.longestStall = milliseconds(1 + kernel.below(10));
  const std::uint64_t numFaults = 1 + kernel.below(3);
  for (std::uint64_t i = 0; i < numFaults; ++i) {
    Fault fault{drawKind(kernel), 1 + static_cast<int>(kernel.below(2)),
                kernel.upTo(plan.checkpointInterval * 2)};
    // The first one makes the job fail over.
    if (i == 0) fault.kind = static_cast<FaultKind>(kernel.below(3));
    plan.faults.push_back(fault);
  }
  configure(plan, kernel, temporaryDirectory);
  return plan;
}

/// Keeps the graph that a program submits.
class CapturingSession final : public program::ProgramSession {
 public:
  Status submit(const protocol::JobGraph& graph) override {
    graph_ = graph;
    return Status::ok();
  }
  Result<protocol::WaitJobRequest::Response> wait(const JobId&, std::int64_t) override {
    return Status(ErrorCode::kUnsupported, "nobody waits here");
  }
  Status cancel(const JobId&) override { return Status::ok(); }
  Result<protocol::CollectResultsRequest::Response> collect(
      const protocol::CollectResultsRequest&) override {
    return Status(ErrorCode::kUnsupported, "nobody collects here");
  }
  [[nodiscard]] const protocol::JobGraph& graph() const { return graph_; }

 private:
  protocol::JobGraph graph_;
};

/// One run. Everything but run() happens on the lane outside all processes.
class Scenario {
 public:
  Scenario(Kernel& kernel, Plan plan, OutsideStore& store)
      : kernel_(kernel),
        plan_(std::move(plan)),
        store_(store),
        messages_(kernel, plan_.messages),
        streams_(kernel, plan_.streams),
        disk_(kernel),
        outside_(kernel.makeLane(std::make_shared<Process>(Process{"outside", -1, true}))) {}

  void run(Verdict& verdict) {
    kernel_.setStalls(plan_.stallProbability, plan_.longestStall);
    outside_->post([this] { begin(); });
    const MonotonicTime start = kernel_.now();
    if (!kernel_.run([this] { return finished_.has_value(); }, kPatience))
      verdict.violations.push_back("the job is stuck: " + progress());
    verdict.simulatedMs = std::chrono::duration_cast<milliseconds>(kernel_.now() - start).count();
    verdict.traceHash = kernel_.traceHash();
    verdict.steps = kernel_.numSteps();
    for (const auto& [what, at] : happened_)
      verdict.faults += fmt::format("{}{} at {} ms", verdict.faults.empty() ? "" : ", ", what,
                                    std::chrono::duration_cast<milliseconds>(at - start).count());
    judge(verdict);
    tearDown(verdict);
  }

 private:
  void begin() {
    World world{kernel_,  messages_,       streams_, disk_, plan_.configuration,
                outside_, plan_.stepBudget};
    cluster_ = std::make_unique<Cluster>(std::move(world), plan_.numTaskManagers);
    const Status started = cluster_->start();
    FLINK_CHECK(started.isOk(), "the cluster does not start: " + started.toString());
    submit();
    look();
  }

  void submit() {
    const auto job = program::findJob(program::linkedJobs(), kProgramName, "the simulation");
    FLINK_CHECK(job.isOk(), "the program is not linked");
    program::ClientRun run;
    run.reference.entry = kProgramName;
    run.reference.libraryName = kProgramName;
    run.reference.arguments = plan_.workload.toArguments();
    run.configuration = plan_.configuration.toMap();
    run.detached = true;
    CapturingSession session;
    const auto rng = kernel_.makeRng();
    const auto outcome = program::runProgram(*job, run, session, *rng);
    FLINK_CHECK(outcome.status.isOk(), "the program fails: " + outcome.status.toString());
    job_ = session.graph().id;
    cluster_->gateway().handle(protocol::SubmitJobRequest{session.graph()}, [this](auto answer) {
      FLINK_CHECK(answer.isOk(), "the job is refused: " + answer.status().toString());
      cluster_->gateway().handle(protocol::WaitJobRequest{job_, 3'600'000}, [this](auto result) {
        outside_->post([this, result] { onEnded(result); });
      });
    });
  }

  void onEnded(const Result<protocol::WaitJobRequest::Response>& result) {
    if (!result || !result->result) {
      ending_ = "the JobManager lost the job: " + result.status().toString();
    } else if (result->result->status != protocol::JobStatus::kFinished) {
      ending_ = "the job did not finish";
      if (result->result->failure)
        ending_ += ": " + result->result->failure->errorId + " " + result->result->failure->message;
    }
    cluster_->gateway().handle(protocol::GetCheckpointsRequest{job_, 0}, [this](auto answer) {
      outside_->post([this, answer] {
        if (answer) {
          const auto report = checkpoint::decodeReport(asBytes(answer->report));
          if (report) counts_ = report->counts;
        }
        finished_ = true;
      });
    });
  }

  /// Looks whether the next fault is due.
  void look() {
    kernel_.schedule(outside_, kLookInterval, [this] { look(); });
    if (waiting_) return;
    if (nextFault_ == plan_.faults.size()) {
      // Something has to happen after the last fault too.
      if (disk_.numPublished() > publishedBefore_) surroundings().released = true;
      return;
    }
    const Fault& fault = plan_.faults[nextFault_];
    if (disk_.numPublished() < publishedBefore_ + fault.afterCheckpoints) return;
    waiting_ = true;
    kernel_.schedule(outside_, fault.delay, [this] { strike(); });
  }

  void strike() {
    const Fault& fault = plan_.faults[nextFault_];
    const std::vector<int> live = cluster_->liveWorkers();
    if (finished_) return;
    if (live.empty()) {  // the job restarts just now
      kernel_.schedule(outside_, milliseconds(1), [this] { strike(); });
      return;
    }
    const int victim = live[kernel_.below(live.size())];
    const Duration downtime = kernel_.upTo(milliseconds(300));
    happened_.emplace_back(nameOf(fault.kind), kernel_.now());
    switch (fault.kind) {
      case FaultKind::kKillWorker:
        cluster_->killWorker(victim);
        break;
      case FaultKind::kKillTaskManager:
        cluster_->killTaskManager(victim, downtime);
        break;
      case FaultKind::kFailHost:
        cluster_->failHost(victim, downtime);
        break;
      case FaultKind::kPartition:
        cluster_->partition(victim);
        kernel_.schedule(outside_, kernel_.upTo(std::chrono::seconds(8)),
                         [this] { cluster_->heal(); });
        break;
      case FaultKind::kDiskFull:
        disk_.setFull(true);
        kernel_.schedule(outside_, kernel_.upTo(milliseconds(500)),
                         [this] { disk_.setFull(false); });
        break;
    }
    publishedBefore_ = disk_.numPublished();
    ++nextFault_;
    waiting_ = false;
  }

  [[nodiscard]] std::string progress() const {
    return fmt::format("faults={}/{} published={} commits={} visible={}", nextFault_,
                       plan_.faults.size(), disk_.numPublished(), store_.numCommits(),
                       store_.visible().size());
  }

  void judge(Verdict& verdict) const {
    auto& violations = verdict.violations;
    if (!ending_.empty()) violations.push_back(ending_);
    verdict.records = plan_.workload.numEvents();
    verdict.checkpoints = counts_.completed;
    verdict.failovers = counts_.restored;
    verdict.difference = reference::compare(expectedOutcomes(plan_.workload), store_.visible());
    const auto& difference = verdict.difference;
    if (!difference.none()) {
      violations.push_back(fmt::format("lost={} duplicated={} corrupted={}", difference.lost,
                                       difference.duplicated, difference.corrupted));
    }
    if (!violations.empty()) return;
    if (counts_.completed < kMinCheckpoints || counts_.restored < 1) {
      violations.push_back(fmt::format("too little happened: checkpoints={} failovers={}",
                                       counts_.completed, counts_.restored));
    }
  }

  void tearDown(Verdict& verdict) {
    kernel_.setStalls(0, Duration::zero());
    bool gone = false;
    outside_->post([&] {
      cluster_->heal();
      disk_.setFull(false);
      cluster_->stop();
    });
    if (!kernel_.run([&] { return cluster_->stopped(); }, kPatience)) {
      // Nothing can be destroyed while it runs.
      FLINK_CHECK(false, fmt::format("seed {}: the cluster does not stop", verdict.seed));
    }
    outside_->post([&] {
      cluster_.reset();
      gone = true;
    });
    FLINK_CHECK(kernel_.run([&] { return gone; }, kPatience), "the cluster is not destroyed");
    outside_->close();
  }

  Kernel& kernel_;
  const Plan plan_;
  OutsideStore& store_;
  MessageNetwork messages_;
  StreamNetwork streams_;
  SharedDisk disk_;
  const std::shared_ptr<Lane> outside_;
  std::unique_ptr<Cluster> cluster_;
  JobId job_;
  std::size_t nextFault_ = 0;
  int publishedBefore_ = 0;
  bool waiting_ = false;
  std::vector<std::pair<std::string, MonotonicTime>> happened_;
  std::string ending_;
  checkpoint::CheckpointCounts counts_;
  std::optional<bool> finished_;
};

}  // namespace

Verdict runScenario(std::uint64_t seed) {
  Verdict verdict;
  verdict.seed = seed;
  const connectors::TemporaryDirectory directory;
  Kernel kernel(seed);
  OutsideStore store;
  Plan plan = makePlan(kernel, directory.path());
  surroundings() = {&store, plan.perEvent, false};
  Scenario(kernel, std::move(plan), store).run(verdict);
  return verdict;
}

}  // namespace flink::simulation
