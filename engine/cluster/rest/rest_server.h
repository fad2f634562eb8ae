#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/jobmanager/gateway.h"
#include "cluster/rest/jar_runner.h"
#include "cluster/rest/views.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/base/rng.h"

namespace flink::rest {

/// How the server listens and what it allows; from Flink's rest.* and web.* keys.
struct RestSettings {
  std::string bindAddress = "127.0.0.1";
  std::vector<int> ports{8081};  ///< the first free one is taken; 0: any
  std::size_t maxHeaderBytes = 16U << 10;
  std::size_t maxBodyBytes = 100U << 20;
  int maxConnections = 256;
  Duration requestTimeout = std::chrono::seconds(30);
  Duration idleTimeout = std::chrono::minutes(5);
  std::string uploadDirectory;
  std::string allowOrigin;  ///< empty: no CORS header
  DashboardConfiguration dashboard;
  /// What /jobmanager/config shows; secrets are masked here.
  std::map<std::string, std::string> configuration;
};

struct RestServices {
  jobmanager::JobManagerGateway* gateway = nullptr;
  JarRunner* jarRunner = nullptr;
  FileSystem* files = nullptr;
  const Clock* clock = nullptr;
  Rng* rng = nullptr;
  /// Runs work that may block, such as that on files, on another thread.
  std::function<void(std::function<void()>)> runBlocking;
};

/// Serves Flink's REST API v1 over a JobManager's gateway, on a thread of its own.
/// Ownership: borrows its services. Lifetime: stop() ends all connections and joins the thread;
/// answers that come later are dropped.
class RestServer {
 public:
  virtual ~RestServer() = default;
  /// Errors: kPortInUse (with the first port's owner), kBindRefused for addresses that are not
  /// loopback and for ports that the system does not give.
  static Result<std::unique_ptr<RestServer>> start(RestSettings settings,
                                                   const RestServices& services);
  [[nodiscard]] virtual int port() const = 0;
  virtual void stop() = 0;
};

}  // namespace flink::rest
