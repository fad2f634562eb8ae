#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "cluster/protocol/cluster_view.h"

namespace flink::jobmanager {

/// Remembers why a job failed: the root and what failed beside it. A failure that is only a
/// neighbour's symptom (a broken connection) gives way as root to the first one that says more.
class FailureHistory {
 public:
  explicit FailureHistory(std::size_t maxConcurrent) : maxConcurrent_(maxConcurrent) {}

  void add(protocol::ExceptionEntry failure);
  [[nodiscard]] bool empty() const { return !root_.has_value(); }
  /// The failure that ended the job, as Flink shows it. REQUIRES: !empty().
  [[nodiscard]] protocol::FailureInfo verdict() const;
  /// Newest first, for JobDetails.
  [[nodiscard]] std::vector<protocol::ExceptionEntry> entries() const;
  [[nodiscard]] bool truncated() const { return truncated_; }

 private:
  const std::size_t maxConcurrent_;
  std::optional<protocol::ExceptionEntry> root_;
  std::vector<protocol::ExceptionEntry> concurrent_;
  bool truncated_ = false;
};

}  // namespace flink::jobmanager
