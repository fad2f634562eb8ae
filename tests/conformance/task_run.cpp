#include "task_run.h"

#include <utility>

#include "dataflow/operators/operator_failure.h"

namespace flink::conformance {

namespace {

constexpr std::size_t kEverything = static_cast<std::size_t>(-1);

/// A reader that aligns barriers tells their times by a clock.
template <class Reader>
auto makeReader(const task::TaskSpec& spec, const TaskRun::Services& services,
                task::OperatorChain& chain, const std::shared_ptr<metrics::MetricGroup>& group) {
  if constexpr (requires {
                  Reader::make(spec, services.catalog, services.network, chain, services.clock,
                               group);
                }) {
    return Reader::make(spec, services.catalog, services.network, chain, services.clock, group);
  } else {
    return Reader::make(spec, services.catalog, services.network, chain, group);
  }
}

}  // namespace

TaskRun::TaskRun(task::TaskSpec spec, const Services& services)
    : spec_(std::move(spec)), probe_(spec_, services.jobGroup, services.clock) {
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
  input_ = valueOrThrow(makeReader<task::InputReader>(spec_, services, *chain_, probe_.group()));
}

TaskRun::~TaskRun() {
  // After a failure operators may fail again; what counts has been written down.
  (void)chain_->close();
  input_->close();
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
