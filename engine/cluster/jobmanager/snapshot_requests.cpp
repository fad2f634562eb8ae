#include "cluster/jobmanager/snapshot_requests.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "cluster/jobmanager/failures.h"
#include "core/base/error_codes.h"

namespace flink::jobmanager {
namespace {

constexpr std::int64_t kMaxWaitMs = 60'000;

}  // namespace

SnapshotRequests::~SnapshotRequests() {
  for (const auto& [trigger, entry] : entries_) {
    for (const Waiting& client : entry.waiting) loop_.cancel(client.timer);
  }
}

SnapshotRequests::Started SnapshotRequests::start(const JobId& job,
                                                  const SnapshotTriggerId& chosen) {
  const bool taken = chosen.isZero() || entries_.contains(chosen);
  const Started started{static_cast<checkpoint::RequestId>(next_++),
                        taken ? SnapshotTriggerId::random(rng_) : chosen};
  entries_[started.trigger] = {job, started.request, std::nullopt, {}};
  open_.emplace(started.request, started.trigger);
  return started;
}

bool SnapshotRequests::knows(const JobId& job, const SnapshotTriggerId& trigger) const {
  const auto found = entries_.find(trigger);
  return found != entries_.end() && found->second.job == job;
}

void SnapshotRequests::ended(const checkpoint::command::AnswerRequest& answer) {
  const auto found = open_.find(answer.request);
  if (found == open_.end()) return;
  Response outcome;
  outcome.completed = true;
  outcome.checkpoint = answer.id;
  outcome.path = answer.path;
  if (!answer.status.isOk())
    outcome.failure = makeFailure(kCheckpointException, answer.status, clock_.wallMs());
  end(found->second, std::move(outcome));
}

void SnapshotRequests::jobEnded(const JobId& job, const Status& why) {
  std::vector<SnapshotTriggerId> unanswered;
  for (const auto& [request, trigger] : open_) {
    if (entries_.at(trigger).job == job) unanswered.push_back(trigger);
  }
  for (const auto& trigger : unanswered) {
    Response outcome;
    outcome.completed = true;
    outcome.failure = makeFailure(kCheckpointException, why, clock_.wallMs());
    end(trigger, std::move(outcome));
  }
}

void SnapshotRequests::end(SnapshotTriggerId trigger, Response outcome) {
  Entry& entry = entries_.at(trigger);
  open_.erase(entry.request);
  entry.outcome = std::move(outcome);
  const auto waiting = std::exchange(entry.waiting, {});
  const Response answer = *entry.outcome;
  endedOrder_.push_back(trigger);
  if (endedOrder_.size() > kMaxEnded) {
    entries_.erase(endedOrder_.front());
    endedOrder_.pop_front();
  }
  for (const Waiting& client : waiting) {
    loop_.cancel(client.timer);
    client.responder(answer);
  }
}

void SnapshotRequests::wait(const protocol::WaitSnapshotRequest& request,
                            Responder<protocol::WaitSnapshotRequest> responder) {
  const auto found = entries_.find(request.trigger);
  if (found == entries_.end() || found->second.job != request.job) {
    return responder(
        Status(ErrorCode::kNotFound, fmt::format("no such savepoint or checkpoint request: job={} "
                                                 "trigger={}",
                                                 request.job.toHex(), request.trigger.toHex())));
  }
  Entry& entry = found->second;
  if (entry.outcome) return responder(*entry.outcome);
  if (request.waitMs <= 0) return responder(Response{});
  const std::uint64_t id = next_++;
  const auto timer =
      loop_.schedule(std::chrono::milliseconds(std::min(request.waitMs, kMaxWaitMs)),
                     [this, trigger = request.trigger, id] { onTimeout(trigger, id); });
  entry.waiting.push_back({id, std::move(responder), timer});
}

void SnapshotRequests::onTimeout(const SnapshotTriggerId& trigger, std::uint64_t waiting) {
  auto& clients = entries_.at(trigger).waiting;
  const auto found = std::find_if(clients.begin(), clients.end(),
                                  [waiting](const Waiting& c) { return c.id == waiting; });
  if (found == clients.end()) return;
  const auto responder = std::move(found->responder);
  clients.erase(found);
  responder(Response{});
}

}  // namespace flink::jobmanager
