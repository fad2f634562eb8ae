// How an InputReader treats barriers.
#include <algorithm>
#include <chrono>
#include <utility>

#include "dataflow/task/barrier_codec.h"
#include "dataflow/task/task_input.h"

namespace flink::task {

Status InputReader::onBarrier(Input& input, int channel, const network::ChannelEvent& event,
                              ReadOutcome& outcome) {
  if (!aligner_->isAligning()) {
    alignmentBegan_ = clock_.now();
    alignmentBytes_ = 0;
  }
  const auto id = static_cast<checkpoint::CheckpointId>(event.checkpointId);
  if (barriers_.find(id) == barriers_.end()) {
    FLINK_ASSIGN_OR_RETURN(barriers_[id], decodeBarrier(event));
  }
  const std::size_t aligned = input.firstAligned + static_cast<std::size_t>(channel);
  execute(aligner_->onBarrier(aligned, event.checkpointId), &input, channel, outcome);
  // Late barriers of what is over leave nothing behind.
  if (!aligner_->isAligning()) barriers_.clear();
  return Status::ok();
}

void InputReader::execute(const BarrierAligner::Decision& decision, Input* from, int channel,
                          ReadOutcome& outcome) {
  CheckpointEvent event;
  for (const BarrierAligner::CheckpointId id : decision.aborted) {
    event.aborted.push_back(static_cast<checkpoint::CheckpointId>(id));
    barriers_.erase(static_cast<checkpoint::CheckpointId>(id));
  }
  if (decision.unblockAll) {
    for (const auto& [gate, blocked] : std::exchange(blocked_, {})) gate->resumeChannel(blocked);
  }
  if (decision.blockChannel) {
    from->gate->blockChannel(channel);
    blocked_.emplace_back(from->gate.get(), channel);
  }
  if (decision.complete) {
    const auto id = static_cast<checkpoint::CheckpointId>(*decision.complete);
    event.barrier = barriers_.at(id);
    barriers_.erase(barriers_.begin(), barriers_.upper_bound(id));
    checkpoint::SubtaskMetrics& metrics = event.metrics;
    event.alignment = clock_.now() - alignmentBegan_;
    metrics.alignmentDurationMs =
        std::chrono::duration_cast<std::chrono::milliseconds>(event.alignment).count();
    metrics.startDelayMs = std::max<std::int64_t>(
        0, clock_.wallMs() - metrics.alignmentDurationMs - event.barrier->timestampMs);
    metrics.processedBytes = alignmentBytes_;
  }
  if (!event.aborted.empty() || event.barrier) outcome.checkpoint = std::move(event);
}

void InputReader::abortCheckpoint(checkpoint::CheckpointId id) {
  ReadOutcome outcome;  // whoever aborted it knows
  execute(aligner_->onAborted(static_cast<BarrierAligner::CheckpointId>(id)), nullptr, 0, outcome);
}

}  // namespace flink::task
