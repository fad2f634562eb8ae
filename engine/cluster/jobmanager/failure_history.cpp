#include "cluster/jobmanager/failure_history.h"

#include <utility>

#include "cluster/jobmanager/failures.h"
#include "core/base/check.h"

namespace flink::jobmanager {

void FailureHistory::addRoot(protocol::ExceptionEntry failure) {
  if (roots_.size() >= limit_ && !roots_.empty()) {
    roots_.pop_front();
    truncated_ = true;
  }
  roots_.push_back(std::move(failure));
}

void FailureHistory::addConcurrent(protocol::ExceptionEntry failure) {
  if (roots_.empty()) return addRoot(std::move(failure));
  protocol::ExceptionEntry& root = roots_.back();
  if (isSymptom(root.failure) && !isSymptom(failure.failure)) {
    auto others = std::exchange(root.concurrent, {});
    std::swap(root, failure);
    root.concurrent = std::move(others);
  }
  if (root.concurrent.size() >= limit_) {
    truncated_ = true;
    return;
  }
  root.concurrent.push_back(std::move(failure));
}

void FailureHistory::suppressed(std::string strategy) {
  FLINK_CHECK(!roots_.empty(), "a job fails because something failed");
  suppressedBy_ = std::move(strategy);
}

protocol::FailureInfo FailureHistory::verdict() const {
  FLINK_CHECK(!roots_.empty(), "a failed job has a failure");
  const auto& failure = roots_.back().failure;
  return withoutRestart(failure, suppressedBy_, failure.timestampMs);
}

std::vector<protocol::ExceptionEntry> FailureHistory::entries() const {
  std::vector<protocol::ExceptionEntry> result(roots_.rbegin(), roots_.rend());
  if (result.empty() || suppressedBy_.empty()) return result;
  // The verdict stands above the failure that led to it.
  protocol::ExceptionEntry& root = result.front();
  protocol::ExceptionEntry last;
  last.failure = verdict();
  last.concurrent = std::exchange(root.concurrent, {});
  last.concurrent.insert(last.concurrent.begin(), std::move(root));
  root = std::move(last);
  return result;
}

}  // namespace flink::jobmanager
