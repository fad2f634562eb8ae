#include "task_run.h"

#include <utility>

#include "core/base/rng.h"
#include "dataflow/checkpoint/snapshot_writer.h"
#include "dataflow/operators/operator_failure.h"
#include "in_memory_file_system.h"

namespace flink::conformance {

namespace {
constexpr std::size_t kEverything = static_cast<std::size_t>(-1);
}  // namespace

TaskRun::TaskRun(task::TaskSpec spec, const Services& services)
    : spec_(std::move(spec)),
      clock_(services.clock),
      probe_(spec_, services.jobGroup, services.clock) {
  using operators::valueOrThrow;
  for (const task::TaskOutput& output : spec_.outputs) {
    partitions_.push_back(
        valueOrThrow(services.network.createPartition(output.partition, probe_.group())));
    partitions_.back()->setAvailabilityCallback([] {});
  }
  task::OperatorChain::Services chain;
  chain.catalog = &services.catalog;
  chain.probe = &probe_;
  chain.clock = &services.clock;
  chain.processingTime = &services.timers;
  chain.executor = &services.executor;
  chain.wake = [] {};
  chain.cancelled = [] { return false; };
  chain.setAccumulator = [](const std::string&, std::string) {};
  chain_ = valueOrThrow(task::OperatorChain::build(spec_, partitions_, chain));
  input_ = valueOrThrow(task::InputReader::make(spec_, services.catalog, services.network, *chain_,
                                                services.clock, probe_.group()));
}

TaskRun::~TaskRun() {
  // After a failure operators may fail again; what counts has been written down.
  (void)chain_->close();
  input_->close();
}

void TaskRun::restore(const checkpoint::TaskRestore& from) {
  checkpoint::InMemoryFileSystem files;
  operators::throwIfError(chain_->restore(from, files, [] { return false; }));
}

checkpoint::TaskSnapshot TaskRun::snapshot(checkpoint::CheckpointId id) {
  // Without files everything is in the snapshot itself.
  checkpoint::InMemoryFileSystem files;
  const std::unique_ptr<Rng> rng = makeSeededRng(static_cast<std::uint64_t>(id));
  checkpoint::CheckpointLocation location;
  location.filesAllowed = false;
  checkpoint::SnapshotWriter writer(files, *rng, location, {});
  state::SnapshotContext context;
  context.checkpointId = static_cast<state::SnapshotId>(id);
  context.checkpointTimestamp = clock_.wallMs();
  chain_->prepareSnapshot(context);
  flush();
  operators::throwIfError(chain_->beginSnapshot(context, state::SnapshotMode::kDelta, writer));
  while (!operators::valueOrThrow(chain_->continueSnapshot(writer, 1))) {
  }
  return chain_->completeSnapshot(id, operators::valueOrThrow(writer.finish()));
}

void TaskRun::open() {
  chain_->open();
  input_->start([] {});
}

void TaskRun::pollSource() {
  if (chain_->source() == nullptr || finished_) return;
  while (chain_->source()->poll(1) == operators::SourceOperatorBase::Poll::kMore) {
  }
  flush();
}

void TaskRun::endEventTime() {
  if (chain_->source() == nullptr) return;
  chain_->endEventTime();
  flush();
}

void TaskRun::endSource() {
  if (chain_->source() != nullptr) finish();
}

bool TaskRun::work() {
  bool worked = false;
  while (!finished_) {
    while (!chain_->advance(kEverything)) {
    }
    if (chain_->source() != nullptr) break;
    // One record at a time: what a record causes comes before the next one, as in the recording.
    const task::ReadOutcome read = operators::valueOrThrow(input_->readSome(1));
    if (read.kind == task::ReadOutcome::Kind::kNothingNow) break;
    worked = true;
    if (read.kind == task::ReadOutcome::Kind::kEnded) finish();
  }
  flush();
  return worked;
}

void TaskRun::flush() {
  if (finished_) return;
  chain_->flush();
  for (const auto& partition : partitions_) partition->flush();
}

void TaskRun::finish() {
  while (!chain_->finish(kEverything)) {
  }
  operators::throwIfError(chain_->close());
  for (const auto& partition : partitions_) operators::throwIfError(partition->finish());
  finished_ = true;
}

}  // namespace flink::conformance
