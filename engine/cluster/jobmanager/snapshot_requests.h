#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/jobmanager/gateway.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/rng.h"
#include "dataflow/checkpoint/commands.h"

namespace flink::jobmanager {

/// The checkpoints and savepoints that users asked for, until they have ended and a while longer,
/// so that they can be asked about. Thread: the JobManager's event loop.
class SnapshotRequests {
 public:
  /// Ended requests that are remembered; the oldest goes first.
  static constexpr std::size_t kMaxEnded = 1000;

  SnapshotRequests(EventLoop& loop, const Clock& clock, Rng& rng)
      : loop_(loop), clock_(clock), rng_(rng) {}
  ~SnapshotRequests();

  struct Started {
    checkpoint::RequestId request{};
    SnapshotTriggerId trigger;
  };
  /// `chosen`: the client's trigger id, zero for one of ours.
  Started start(const JobId& job, const SnapshotTriggerId& chosen);
  /// Whether this job was asked for this before.
  [[nodiscard]] bool knows(const JobId& job, const SnapshotTriggerId& trigger) const;
  void ended(const checkpoint::command::AnswerRequest& answer);
  /// The job is gone: what it has not answered has failed.
  void jobEnded(const JobId& job, const Status& why);
  /// Errors, through the responder: kNotFound.
  void wait(const protocol::WaitSnapshotRequest& request,
            Responder<protocol::WaitSnapshotRequest> responder);

 private:
  using Response = protocol::WaitSnapshotRequest::Response;
  struct Waiting {
    std::uint64_t id = 0;
    Responder<protocol::WaitSnapshotRequest> responder;
    EventLoop::TimerId timer = EventLoop::TimerId::kNone;
  };
  struct Entry {
    JobId job;
    checkpoint::RequestId request{};
    std::optional<Response> outcome;
    std::vector<Waiting> waiting;
  };
  void end(SnapshotTriggerId trigger, Response outcome);  // by value: it may lie in open_
  void onTimeout(const SnapshotTriggerId& trigger, std::uint64_t waiting);

  EventLoop& loop_;
  const Clock& clock_;
  Rng& rng_;
  std::map<SnapshotTriggerId, Entry> entries_;
  std::map<checkpoint::RequestId, SnapshotTriggerId> open_;
  std::deque<SnapshotTriggerId> endedOrder_;
  std::uint64_t next_ = 1;
};

}  // namespace flink::jobmanager
