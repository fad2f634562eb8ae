#include "cluster/jobmanager/failure_history.h"

#include <utility>

#include "cluster/jobmanager/failures.h"
#include "core/base/check.h"

namespace flink::jobmanager {

void FailureHistory::add(protocol::ExceptionEntry failure) {
  if (!root_) {
    root_ = std::move(failure);
    return;
  }
  if (isSymptom(root_->failure) && !isSymptom(failure.failure)) std::swap(*root_, failure);
  if (concurrent_.size() >= maxConcurrent_) {
    truncated_ = true;
    return;
  }
  concurrent_.push_back(std::move(failure));
}

protocol::FailureInfo FailureHistory::verdict() const {
  FLINK_CHECK(root_.has_value(), "a failed job has a failure");
  return withoutRestart(root_->failure, root_->failure.timestampMs);
}

std::vector<protocol::ExceptionEntry> FailureHistory::entries() const {
  if (!root_) return {};
  protocol::ExceptionEntry entry;
  entry.failure = verdict();
  entry.concurrent.push_back(*root_);
  entry.concurrent.insert(entry.concurrent.end(), concurrent_.begin(), concurrent_.end());
  return {std::move(entry)};
}

}  // namespace flink::jobmanager
