#pragma once

#include <deque>
#include <vector>

#include "cluster/taskmanager/data_port.h"
#include "core/base/clock.h"

namespace flink::taskmanager {

/// Keeps data connections whose job has not arrived here yet: its consumers may be deployed before
/// its producers. Thread: the supervisor's loop.
class HeldConnections {
 public:
  HeldConnections(std::size_t limit, Duration holdTimeout)
      : limit_(limit), holdTimeout_(holdTimeout) {}

  /// Closes the oldest one when there are too many.
  void hold(DataConnection connection, MonotonicTime now);
  /// Takes out those of `job`.
  std::vector<DataConnection> take(const JobId& job);
  /// Closes those that waited too long and returns how long until the next one has; zero when none
  /// is left.
  Duration expire(MonotonicTime now);
  [[nodiscard]] std::size_t size() const { return held_.size(); }

 private:
  struct Held {
    DataConnection connection;
    MonotonicTime until;
  };
  std::size_t limit_;
  Duration holdTimeout_;
  std::deque<Held> held_;  ///< oldest first
};

}  // namespace flink::taskmanager
