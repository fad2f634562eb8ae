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
/// process. At most some programs run at a time and some requests wait for them; a program that is
/// only asked for its plan and gives none in time is killed. Thread: plan() and run() from any
/// thread; the rest on the loop, which is also that of the blob store. Lifetime: stop() kills the
/// programs that still run; nothing is called back afterwards.
class ProgramJarRunner final : public rest::JarRunner {
 public:
  struct Limits {
    std::size_t maxPrograms = 8;
    std::size_t maxWaiting = 32;
    /// How long a request waits for its turn, and a plan for its program: nobody waits for its
    /// answer any longer.
    Duration maxWait = std::chrono::seconds(30);
  };
  struct Services {
    EventLoop& loop;
    const Clock& clock;
    ProcessLauncher& processes;
    control::BlobStore& blobs;
    jobmanager::JobManagerGateway& gateway;
    /// Runs work that takes its time, such as copying a library, on another thread.
    std::function<void(std::function<void()>)> runBlocking;
    std::string programBinary;
    std::map<std::string, std::string> configuration;  ///< the cluster's, under that of a request
  };
  ProgramJarRunner(Services services, const Limits& limits)
      : services_(std::move(services)), limits_(limits) {}

  std::vector<std::string> entries(const std::string& path) override;
  void plan(rest::JarRunRequest request,
            std::function<void(Result<protocol::JobGraph>)> done) override;
  void run(rest::JarRunRequest request, std::function<void(Result<JobId>)> done) override;
  /// REQUIRES: on the loop.
  void stop();

 private:
  /// What becomes of the first graph: its plan or its job. Only its first call counts. Thread: the
  /// loop's.
  using FirstGraph = std::function<void(Result<protocol::JobGraph>)>;
  struct Start {
    rest::JarRunRequest request;
    bool planOnly = false;
    FirstGraph first;
  };
  /// Starts a program, or lets it wait for its turn, or refuses it with kUnavailable.
  void admit(Start start);
  void startWaiting();
  /// Takes a place and copies the library to where the workers get it.
  void start(std::uint64_t number, Start start);
  void onCopied(std::uint64_t number, const Start& start,
                const Result<std::shared_ptr<control::BlobCopy>>& copy);
  Result<std::unique_ptr<control::ProgramRunner>> spawn(std::uint64_t number, const Start& start,
                                                        const BlobDigest& library);
  /// Gives a program's place back.
  void release(std::uint64_t number);
  /// What becomes of the graph that a program submits.
  void submit(const Start& start, const Bytes& body, control::ProgramRunner::Answer answer);
  /// Ends what still waits or only plans after `maxWait`.
  void expire(std::uint64_t number, const Start& start);
  /// Passes one call of a program on to the JobManager.
  void relay(protocol::Method method, const Bytes& body, control::ProgramRunner::Answer answer);
  template <class Request>
  void pass(const Bytes& body, control::ProgramRunner::Answer answer);

  Services services_;
  Limits limits_;
  bool stopped_ = false;
  std::uint64_t nextProgram_ = 0;
  /// By their numbers; null while the library is being copied.
  std::map<std::uint64_t, std::unique_ptr<control::ProgramRunner>> programs_;
  std::map<std::uint64_t, Start> waiting_;  ///< in the order of their numbers
};

}  // namespace flink::apps
