#include "dataflow/checkpoint/retention.h"

namespace flink::checkpoint {

std::vector<std::size_t> subsumed(const std::vector<CompletedCheckpoint>& retained,
                                  std::int32_t numRetained) {
  std::vector<std::size_t> gone;
  if (retained.empty()) return gone;
  const bool stopped = isSynchronous(retained.back().metadata->kind);
  std::size_t newestCheckpoint = retained.size();
  for (std::size_t i = retained.size(); i-- > 0 && newestCheckpoint == retained.size();) {
    if (!isSavepoint(retained[i].metadata->kind) && retained[i].owned) newestCheckpoint = i;
  }
  std::size_t left = retained.size();
  for (std::size_t i = 0; i + 1 < retained.size(); ++i) {
    if (left <= static_cast<std::size_t>(numRetained)) break;
    if (i == newestCheckpoint && !stopped) continue;
    gone.push_back(i);
    --left;
  }
  return gone;
}

bool discardedAtEnd(Retention retention, JobEnd end) {
  switch (end) {
    case JobEnd::kFinished:
      return true;
    case JobEnd::kCanceled:
      return retention != Retention::kRetainOnCancellation;
    case JobEnd::kFailed:
      return retention == Retention::kNoExternalizedCheckpoints;
    case JobEnd::kSuspended:
      return false;
  }
  return false;
}

}  // namespace flink::checkpoint
