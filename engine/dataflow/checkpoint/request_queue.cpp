#include "dataflow/checkpoint/request_queue.h"

#include <algorithm>
#include <utility>

namespace flink::checkpoint {
namespace {

int rank(const TriggerRequest& request) {
  if (isSavepoint(request.kind)) return 0;
  return request.periodic ? 2 : 1;
}

}  // namespace

bool RequestQueue::add(TriggerRequest request) {
  const auto isPeriodic = [](const TriggerRequest& other) { return other.periodic; };
  // A second periodic request would only run right after the first.
  if (request.periodic && std::any_of(requests_.begin(), requests_.end(), isPeriodic)) return true;
  if (requests_.size() >= kMaxRequests) {
    if (request.periodic || !requests_.back().periodic) return false;
    requests_.pop_back();
  }
  const auto worse = [&](const TriggerRequest& other) { return rank(other) > rank(request); };
  requests_.insert(std::find_if(requests_.begin(), requests_.end(), worse), std::move(request));
  return true;
}

RequestQueue::Choice RequestQueue::choose(const Facts& facts) {
  if (facts.triggering || requests_.empty()) return {};
  const TriggerRequest& first = requests_.front();
  if (facts.numPending >= facts.maxConcurrent && !first.forced()) return {};
  Choice choice;
  if (first.periodic && facts.lastCompletionMs.has_value()) {
    const std::int64_t due = *facts.lastCompletionMs + facts.minPauseMs;
    if (due > facts.nowMs) choice.reschedulePeriodicMs = due;
  }
  if (!choice.reschedulePeriodicMs.has_value()) choice.start = std::move(requests_.front());
  requests_.erase(requests_.begin());
  return choice;
}

std::vector<TriggerRequest> RequestQueue::takeAll() {
  return std::exchange(requests_, {});
}

}  // namespace flink::checkpoint
