#pragma once

#include <functional>
#include <memory>
#include <set>

#include "cluster/rest/byte_budget.h"
#include "cluster/rest/handlers.h"
#include "core/base/process.h"

namespace boost::asio {
class io_context;
}

namespace flink::rest {

class Session;

/// What sessions share with their server. Lives as long as the last of them.
struct ServerState {
  ServerState(RestSettings settings, const RestServices& services);
  ~ServerState();
  ServerState(const ServerState&) = delete;
  ServerState& operator=(const ServerState&) = delete;

  std::shared_ptr<HandlerContext> context;
  Router router;
  std::unique_ptr<boost::asio::io_context> io;
  std::set<std::shared_ptr<Session>> sessions;  // io thread only
  /// What the large bodies of all requests under way take.
  ByteBudget largeBodies;
  /// A session ended, or waits for its next request. io thread only.
  std::function<void()> onRoom;
};

/// One connection: requests one after the other. Every phase of one has a deadline, so that no
/// client holds a connection by sending or reading slowly.
/// Thread: the io thread.
class Session {
 public:
  /// `socket` is a connected TCP socket.
  static std::shared_ptr<Session> make(std::shared_ptr<ServerState> state, OwnedFd socket);
  virtual ~Session() = default;

  virtual void start() = 0;
  virtual void close() = 0;
  /// Whether the connection can be given to somebody else: no complete request is lost with it,
  /// and it had its time to send one.
  [[nodiscard]] virtual bool canMakeRoom(MonotonicTime now) const = 0;
  /// Since when the session has been in its phase.
  [[nodiscard]] virtual MonotonicTime since() const = 0;
};

}  // namespace flink::rest
