#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cluster/control/blob_store.h"
#include "cluster/control/program_runner.h"
#include "cluster/jobmanager/gateway.h"
#include "cluster/rest/jar_runner.h"
#include "core/base/executor.h"
#include "core/base/process.h"

namespace flink::apps {

/// Runs uploaded libraries in flink-program processes, whose jobs go to the JobManager of this
/// process. Thread: plan() and run() from any thread; the rest on the loop, which is also that of
/// the blob store. Lifetime: stop() kills the programs that still run; nothing is called back
/// afterwards.
class ProgramJarRunner final : public rest::JarRunner {
 public:
  struct Services {
    EventLoop& loop;
    const Clock& clock;
    ProcessLauncher& processes;
    control::BlobStore& blobs;
    jobmanager::JobManagerGateway& gateway;
    std::string programBinary;
    std::map<std::string, std::string> configuration;  ///< the cluster's, under that of a request
  };
  explicit ProgramJarRunner(Services services) : services_(std::move(services)) {}

  void plan(rest::JarRunRequest request,
            std::function<void(Result<protocol::JobGraph>)> done) override;
  void run(rest::JarRunRequest request, std::function<void(Result<JobId>)> done) override;
  /// REQUIRES: on the loop.
  void stop();

 private:
  /// What becomes of the first graph: its plan or its job. Called once.
  using FirstGraph = std::function<void(Result<protocol::JobGraph>)>;
  void start(const rest::JarRunRequest& request, bool planOnly, FirstGraph first);
  /// Passes one call of a program on to the JobManager.
  void relay(protocol::Method method, const Bytes& body, control::ProgramRunner::Answer answer);
  template <class Request>
  void pass(const Bytes& body, control::ProgramRunner::Answer answer);

  Services services_;
  bool stopped_ = false;
  std::uint64_t nextProgram_ = 0;
  std::map<std::uint64_t, std::unique_ptr<control::ProgramRunner>> programs_;
};

}  // namespace flink::apps
