#include "dataflow/task/barrier_aligner.h"

#include <algorithm>

namespace flink::task {

BarrierAligner::Decision BarrierAligner::onBarrier(std::size_t channel, CheckpointId id) {
  Decision decision;
  if (id <= over_ || cancelled_.count(id) > 0 || ended_.at(channel)) return decision;
  if (exactlyOnce_) {
    if (!pending_.empty() && id < pending_.begin()->first) return decision;
    abortOlder(id, decision);
  }
  std::set<std::size_t>& delivered = pending_[id];
  if (!delivered.insert(channel).second) return decision;
  if (delivered.size() == numOpen_) {
    finish(id, decision);
  } else {
    decision.blockChannel = exactlyOnce_;
  }
  return decision;
}

BarrierAligner::Decision BarrierAligner::onCancel(CheckpointId id) {
  Decision decision;
  if (id <= over_ || cancelled_.count(id) > 0) return decision;
  if (exactlyOnce_) {
    if (!pending_.empty() && id < pending_.begin()->first) return decision;
    abortOlder(id, decision);
    over_ = std::max(over_, id);
    decision.unblockAll = !pending_.empty() || decision.unblockAll;
    pending_.erase(id);
    decision.aborted.push_back(id);
  } else {
    // Older ones that are under way go on.
    pending_.erase(id);
    cancelled_.insert(id);
    decision.aborted.push_back(id);
  }
  return decision;
}

BarrierAligner::Decision BarrierAligner::onChannelEnded(std::size_t channel) {
  Decision decision;
  if (ended_.at(channel)) return decision;
  ended_[channel] = true;
  --numOpen_;
  for (auto& [id, delivered] : pending_) delivered.erase(channel);
  for (auto newest = pending_.rbegin(); newest != pending_.rend(); ++newest) {
    if (newest->second.size() != numOpen_) continue;
    finish(newest->first, decision);
    break;
  }
  return decision;
}

void BarrierAligner::finish(CheckpointId id, Decision& decision) {
  abortOlder(id, decision);
  pending_.erase(id);
  over_ = id;
  cancelled_.erase(cancelled_.begin(), cancelled_.upper_bound(id));
  decision.unblockAll = exactlyOnce_;
  decision.complete = id;
}

void BarrierAligner::abortOlder(CheckpointId id, Decision& decision) {
  while (!pending_.empty() && pending_.begin()->first < id) {
    decision.aborted.push_back(pending_.begin()->first);
    decision.unblockAll = exactlyOnce_;
    over_ = std::max(over_, pending_.begin()->first);
    pending_.erase(pending_.begin());
  }
}

}  // namespace flink::task
