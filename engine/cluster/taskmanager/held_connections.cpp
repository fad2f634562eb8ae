#include "cluster/taskmanager/held_connections.h"

#include <utility>

#include "cluster/taskmanager/probe.h"

namespace flink::taskmanager {

void HeldConnections::hold(DataConnection connection, MonotonicTime now) {
  if (held_.size() >= limit_) {
    FLINK_WARN(kLog, "too many data connections wait for their job, closing the oldest limit={}",
               limit_);
    held_.pop_front();
  }
  held_.push_back({std::move(connection), now + holdTimeout_});
}

std::vector<DataConnection> HeldConnections::take(const JobId& job) {
  std::vector<DataConnection> taken;
  std::deque<Held> rest;
  for (Held& held : held_) {
    if (held.connection.hello.job == job) {
      taken.push_back(std::move(held.connection));
    } else {
      rest.push_back(std::move(held));
    }
  }
  held_ = std::move(rest);
  return taken;
}

Duration HeldConnections::expire(MonotonicTime now) {
  while (!held_.empty() && held_.front().until <= now) {
    FLINK_WARN(kLog, "closing a data connection of a job that is not here job={} peer={}",
               held_.front().connection.hello.job.toHex(), held_.front().connection.peer);
    held_.pop_front();
  }
  return held_.empty() ? Duration::zero() : held_.front().until - now;
}

}  // namespace flink::taskmanager
