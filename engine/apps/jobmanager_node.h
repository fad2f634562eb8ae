#pragma once

#include <functional>
#include <memory>
#include <string>

#include "apps/program_jar_runner.h"
#include "apps/reporters.h"
#include "apps/rest_settings.h"
#include "cluster/control/blob_transfer.h"
#include "cluster/control/event_stream.h"
#include "cluster/control/rpc.h"
#include "cluster/jobmanager/job_manager.h"
#include "cluster/rest/rest_server.h"
#include "core/base/blocking_pool.h"
#include "core/base/clock.h"
#include "core/base/executor.h"
#include "core/base/fs.h"
#include "core/base/process.h"
#include "core/base/rng.h"
#include "core/config/configuration.h"
#include "core/fs/owned_directory.h"
#include "core/metrics/registry.h"

namespace flink::apps {

/// A JobManager with everything it needs, wired: what flink-jobmanager is, and what a MiniCluster
/// has one of. Blobs have an endpoint and a loop of their own, so that a large library never holds
/// up the control plane. Thread: the owner's. Lifetime: start() once; stop() suspends what runs.
class JobManagerNode {
 public:
  struct Options {
    std::string configDirectory;  ///< which clients compare with their own; empty: none
    std::string logPrefix;        ///< path without extension, for ListLogs; empty: none
    std::string programBinary;    ///< path of flink-program, for uploaded libraries
    bool serveRest = true;
    bool reportMetrics = true;
  };
  JobManagerNode(config::Configuration configuration, Options options);
  ~JobManagerNode();

  /// Errors: those of the configuration and of the ports.
  Status start();
  void stop();

  [[nodiscard]] int rpcPort() const { return rpcPort_; }
  [[nodiscard]] int blobPort() const { return blobPort_; }
  [[nodiscard]] int eventPort() const { return events_->port(); }
  /// 0 when REST is off.
  [[nodiscard]] int restPort() const { return rest_ == nullptr ? 0 : rest_->port(); }
  [[nodiscard]] jobmanager::JobManagerGateway& gateway() { return *jobManager_; }

 private:
  Status startBlobServer();
  /// Every so often removes the libraries that no job needs any more.
  void scheduleBlobCleanup();
  Status startJobManager();
  Status startRest();

  config::Configuration configuration_;
  Options options_;
  SystemClock clock_;
  std::unique_ptr<Rng> rng_;
  std::unique_ptr<FileSystem> files_;
  std::unique_ptr<metrics::MetricRegistry> registry_;
  std::unique_ptr<ProcessLauncher> processes_;
  std::string host_, bindHost_;
  std::unique_ptr<fs::OwnedDirectory> blobDirectory_;
  UploadDirectory uploads_;
  int rpcPort_ = 0, blobPort_ = 0;
  Duration blobCleanupInterval_{};

  std::unique_ptr<EventLoop> blobLoop_, loop_;
  std::unique_ptr<MessageTransport> blobTransport_, transport_;
  std::unique_ptr<control::BlobStore> blobStore_;
  std::unique_ptr<control::RpcEndpoint> blobRpc_, rpc_;
  std::unique_ptr<control::BlobServer> blobServer_;
  std::unique_ptr<control::EventPublisher> events_;
  std::unique_ptr<jobmanager::JobManager> jobManager_;
  std::unique_ptr<ProgramJarRunner> jarRunner_;
  std::unique_ptr<rest::RestServer> rest_;
  std::shared_ptr<metrics::MetricGroup> processGroup_;
  Reporters reporters_;
  BlockingPool blocking_;  ///< stop() ends it while what it uses is there
};

}  // namespace flink::apps
