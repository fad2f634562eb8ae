#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/protocol/data_hello.h"
#include "core/base/clock.h"
#include "core/base/process.h"
#include "core/base/result.h"

namespace flink::taskmanager {

/// A data connection whose hello was read, and nothing beyond it.
struct DataConnection {
  protocol::DataHello hello;
  OwnedFd socket;
  std::string peer;
};

/// Listens where consumers' workers connect and reads their hello: bounded in size, time and
/// number. Thread: the handler runs on a thread of the port's; stop() from any other.
/// Lifetime: stop() closes what has not been handed over.
class DataPort {
 public:
  struct Settings {
    std::string host = "localhost";
    int port = 0;  ///< 0: a free one
    Duration helloTimeout = std::chrono::seconds(5);
    std::size_t maxUnread = 256;  ///< connections without a hello; further ones wait in the backlog
  };
  using Handler = std::function<void(DataConnection)>;
  /// The real one. Errors: kPortInUse, kBindRefused.
  static Result<std::unique_ptr<DataPort>> listen(const Settings& settings, Handler handler);
  virtual ~DataPort() = default;

  [[nodiscard]] virtual int port() const = 0;
  virtual void stop() = 0;
};

}  // namespace flink::taskmanager
