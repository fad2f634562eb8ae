#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "cluster/protocol/cluster_view.h"

namespace flink::jobmanager {

/// Remembers why tasks of a job failed: for each restart its root and what failed beside it. A
/// failure that is only a neighbour's symptom (a broken connection) gives way as root to the first
/// one that says more.
class FailureHistory {
 public:
  /// `limit`: roots that are kept, and failures beside each (web.exception-history-size).
  explicit FailureHistory(std::size_t limit) : limit_(limit) {}

  /// The root of a new restart, or of the job's end.
  void addRoot(protocol::ExceptionEntry failure);
  /// What failed beside the last root; without one it becomes the first.
  void addConcurrent(protocol::ExceptionEntry failure);
  /// The last root ended the job, as `strategy` did not restart it. REQUIRES: !empty().
  void suppressed(std::string strategy);
  [[nodiscard]] bool empty() const { return roots_.empty(); }
  /// The failure that ended the job, as Flink shows it. REQUIRES: suppressed() was called.
  [[nodiscard]] protocol::FailureInfo verdict() const;
  /// Newest first, for JobDetails.
  [[nodiscard]] std::vector<protocol::ExceptionEntry> entries() const;
  [[nodiscard]] bool truncated() const { return truncated_; }

 private:
  const std::size_t limit_;
  std::deque<protocol::ExceptionEntry> roots_;  // oldest first
  std::string suppressedBy_;
  bool truncated_ = false;
};

}  // namespace flink::jobmanager
