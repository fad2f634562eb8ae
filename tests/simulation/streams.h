#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/taskmanager/data_port.h"
#include "core/base/stream_transport.h"
#include "tests/simulation/kernel.h"

namespace flink::simulation {

struct StreamFaults {
  Duration longestDelay = std::chrono::microseconds(300);
  double breakConnection = 0;        ///< probability, per write
  std::size_t capacity = 64U << 10;  ///< bytes under way before a write waits
};

class StreamEnd;

/// Carries the data plane's bytes between simulated processes: ordered per connection, in pieces
/// that have nothing to do with how they were written, until a connection breaks. Thread: the
/// simulation's. Lifetime: outlives its ports and transports.
class StreamNetwork {
 public:
  StreamNetwork(Kernel& kernel, const StreamFaults& faults);
  ~StreamNetwork();

  std::unique_ptr<StreamTransport> makeTransport(const ProcessRef& process);
  /// TaskManager::Services::listenForData of a simulated TaskManager.
  std::unique_ptr<taskmanager::DataPort> listen(const ProcessRef& process,
                                                taskmanager::DataPort::Handler handler);
  /// Closes the connections of a process that ended.
  void processEnded(const Process& process);
  /// Breaks every connection between two hosts, and refuses new ones until heal().
  void partition(int host, int other);
  void heal() { partitioned_.clear(); }

 private:
  friend class StreamEnd;
  class Port;
  class Transport;
  using Connected = std::function<void(Result<std::unique_ptr<StreamConnection>>)>;

  [[nodiscard]] bool apart(int host, int other) const;
  void connect(const std::shared_ptr<Lane>& lane, int port, const Connected& done);
  /// A descriptor stands for a connection on its way to the worker that will adopt it.
  OwnedFd deposit(std::shared_ptr<StreamEnd> end);
  std::shared_ptr<StreamEnd> withdraw(int descriptor);
  /// Closes connections whose descriptor was closed before anybody adopted them.
  void closeDropped();

  struct Deposit {
    OwnedFd watch;  ///< hangs up when the descriptor is closed
    std::shared_ptr<StreamEnd> end;
  };

  Kernel& kernel_;
  const StreamFaults faults_;
  const ProcessRef wire_ = std::make_shared<Process>(Process{"wire", -1, true});
  std::vector<std::weak_ptr<StreamEnd>> ends_;
  std::map<int, Port*> ports_;
  std::map<int, Deposit> deposits_;  // by descriptor
  std::map<std::pair<int, int>, bool> partitioned_;
  int nextPort_ = 40'000;
};

}  // namespace flink::simulation
