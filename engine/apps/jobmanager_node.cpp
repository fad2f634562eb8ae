#include "apps/jobmanager_node.h"

#include <unistd.h>

#include <utility>

#include <fmt/format.h>

#include "api/program/abi.h"
#include "apps/loop_calls.h"
#include "apps/rest_settings.h"
#include "cluster/taskmanager/port_binding.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "core/config/options/core_options.h"
#include "core/config/options/jobmanager_options.h"
#include "core/config/options/rest_options.h"
#include "core/config/value_text.h"
#include "core/fs/local_file_system.h"
#include "core/memory/memory_model.h"
#include "core/metrics/process_metrics.h"

namespace flink::apps {

namespace {

/// What the names of JobManagers' directories for job libraries begin with.
constexpr const char* kBlobDirectoryKind = "flink-blobs";

control::RpcEndpoint::Options endpointOptions(const char* sender,
                                              const jobmanager::JobManagerSettings& settings) {
  control::RpcEndpoint::Options options;
  options.sender = sender;
  options.heartbeatInterval = settings.heartbeatInterval;
  options.heartbeatTimeout = settings.heartbeatTimeout;
  return options;
}

}  // namespace

JobManagerNode::JobManagerNode(config::Configuration configuration, Options options)
    : configuration_(std::move(configuration)),
      options_(std::move(options)),
      rng_(makeSystemRng()),
      files_(fs::makeLocalFileSystem()),
      registry_(std::make_unique<metrics::MetricRegistry>(clock_)),
      processes_(makeSystemProcessLauncher()) {}

JobManagerNode::~JobManagerNode() {
  stop();
}

Status JobManagerNode::start() {
  FLINK_ASSIGN_OR_RETURN(host_, configuration_.get(config::kJobmanagerRpcAddress));
  FLINK_ASSIGN_OR_RETURN(bindHost_, configuration_.get(config::kJobmanagerBindHost));
  FLINK_ASSIGN_OR_RETURN(const int eventPort, configuration_.get(config::kJobmanagerEventPort));
  FLINK_RETURN_IF_ERROR(startBlobServer());
  FLINK_ASSIGN_OR_RETURN(events_,
                         control::EventPublisher::bind(fmt::format("{}:{}", bindHost_, eventPort)));
  FLINK_RETURN_IF_ERROR(startJobManager());
  FLINK_ASSIGN_OR_RETURN(const std::int64_t cleanupSeconds,
                         configuration_.get(config::kBlobServiceCleanupInterval));
  blobCleanupInterval_ = std::chrono::seconds(cleanupSeconds);
  scheduleBlobCleanup();
  ProgramJarRunner::Limits limits;
  FLINK_ASSIGN_OR_RETURN(limits.maxWait, configuration_.get(config::kRestRequestTimeout));
  jarRunner_ = std::make_unique<ProgramJarRunner>(
      ProgramJarRunner::Services{
          *blobLoop_, clock_, *processes_, *blobStore_, *jobManager_,
          [this](std::function<void()> work) { blocking_.run(std::move(work)); },
          options_.programBinary, configuration_.toMap()},
      limits);
  if (options_.serveRest) FLINK_RETURN_IF_ERROR(startRest());
  if (options_.reportMetrics) {
    FLINK_ASSIGN_OR_RETURN(reporters_,
                           startReporters(configuration_, [this] { return registry_->collect(); }));
  }
  return Status::ok();
}

Status JobManagerNode::startBlobServer() {
  FLINK_ASSIGN_OR_RETURN(const std::string portText, configuration_.get(config::kBlobServerPort));
  FLINK_ASSIGN_OR_RETURN(const auto ports, config::parsePorts(portText));
  FLINK_ASSIGN_OR_RETURN(std::string directory, configuration_.get(config::kBlobStorageDirectory));
  if (directory.empty()) {
    FLINK_ASSIGN_OR_RETURN(const auto directories, configuration_.get(config::kIoTmpDirs));
    directory = directories.empty() ? "/tmp" : directories.front();
  }
  FLINK_ASSIGN_OR_RETURN(const auto settings,
                         jobmanager::JobManagerSettings::fromConfiguration(configuration_));
  // Several JobManagers may share a process (tests) and a directory.
  FLINK_ASSIGN_OR_RETURN(
      blobDirectory_,
      fs::OwnedDirectory::claim(*files_, directory, kBlobDirectoryKind,
                                fmt::format("{}-{:08x}", ::getpid(), rng_->below(1ULL << 32U))));
  blobLoop_ = makeThreadEventLoop("jm-blobs", clock_);
  blobLoop_->post(
      [this, directory] { fs::OwnedDirectory::sweep(*files_, directory, kBlobDirectoryKind); });
  blobTransport_ = control::makeZmqTransport("blobs");
  blobStore_ = std::make_unique<control::BlobStore>(*files_, clock_, blobDirectory_->path());
  blobRpc_ = std::make_unique<control::RpcEndpoint>(endpointOptions("blobs", settings), *blobLoop_,
                                                    clock_, *blobTransport_);
  return callOnLoop(*blobLoop_, [&]() -> Status {
    blobServer_ = std::make_unique<control::BlobServer>(*blobRpc_, *blobStore_);
    blobRpc_->start();
    FLINK_ASSIGN_OR_RETURN(blobPort_,
                           taskmanager::bindFirstFree(*blobTransport_, bindHost_, ports));
    return Status::ok();
  });
}

void JobManagerNode::scheduleBlobCleanup() {
  blobLoop_->schedule(blobCleanupInterval_, [this] {
    jobManager_->listLibraries([this](std::set<BlobDigest> inUse) {
      blobLoop_->post([this, inUse = std::move(inUse)] {
        blobStore_->removeUnused(inUse, blobCleanupInterval_);
        scheduleBlobCleanup();
      });
    });
  });
}

Status JobManagerNode::startJobManager() {
  FLINK_ASSIGN_OR_RETURN(const auto memory, memory::deriveJobManagerMemory(configuration_));
  FLINK_ASSIGN_OR_RETURN(const auto settings,
                         jobmanager::JobManagerSettings::fromConfiguration(configuration_));
  FLINK_ASSIGN_OR_RETURN(const int port, configuration_.get(config::kJobmanagerRpcPort));
  FLINK_ASSIGN_OR_RETURN(const auto bindPort,
                         configuration_.getOptional(config::kJobmanagerRpcBindPort));
  jobmanager::JobManagerProcess process;
  process.version = FLINK_VERSION;
  process.abi = FLINK_ABI_TAG;
  process.commit = FLINK_COMMIT;
  process.host = host_;
  process.pid = ::getpid();
  process.blobPort = blobPort_;
  process.eventPort = events_->port();
  process.configDirectory = options_.configDirectory;
  process.logPrefix = options_.logPrefix;
  loop_ = makeThreadEventLoop("jobmanager", clock_);
  transport_ = control::makeZmqTransport("jobmanager");
  rpc_ = std::make_unique<control::RpcEndpoint>(endpointOptions("jobmanager", settings), *loop_,
                                                clock_, *transport_);
  FLINK_RETURN_IF_ERROR(callOnLoop(*loop_, [&]() -> Status {
    jobManager_ = std::make_unique<jobmanager::JobManager>(
        settings, process,
        jobmanager::JobManager::Environment{
            *loop_, clock_, *rng_, *rpc_, *files_, *registry_,
            [this](std::function<void()> work) { blocking_.run(std::move(work)); },
            [this](protocol::ClusterEvent event) { events_->publish(std::move(event)); }});
    jobManager_->start();
    rpc_->start();
    FLINK_ASSIGN_OR_RETURN(
        rpcPort_, transport_->bind(fmt::format("{}:{}", bindHost_, bindPort.value_or(port))));
    return Status::ok();
  }));
  processGroup_ = registry_->root("jobmanager", {{"host", host_}});
  metrics::registerProcessMetrics(*processGroup_, clock_, memory.heap);
  // TaskManagers ask for blobs under the epoch that this JobManager gave them.
  return callOnLoop(*blobLoop_, [&] {
    blobRpc_->setEpoch(jobManager_->epoch());
    return Status::ok();
  });
}

Status JobManagerNode::startRest() {
  FLINK_ASSIGN_OR_RETURN(auto settings, readRestSettings(configuration_, clock_));
  FLINK_ASSIGN_OR_RETURN(uploads_, makeUploadDirectory(configuration_, *files_, *rng_));
  settings.uploadDirectory = uploads_.path;
  const std::string address = settings.bindAddress;
  auto server = rest::RestServer::start(
      std::move(settings),
      {jobManager_.get(), jarRunner_.get(), files_.get(), &clock_, rng_.get(),
       [this](std::function<void()> work) { blocking_.run(std::move(work)); }});
  if (!server) return std::move(server).status();
  rest_ = std::move(*server);
  jobManager_->announceRest(fmt::format("{}:{}", address, rest_->port()));
  return Status::ok();
}

void JobManagerNode::stop() {
  if (blobLoop_ == nullptr) return;
  reporters_.clear();
  if (rest_ != nullptr) rest_->stop();
  if (jarRunner_ != nullptr) {
    static_cast<void>(callOnLoop(*blobLoop_, [this] {
      jarRunner_->stop();
      return Status::ok();
    }));
  }
  if (loop_ != nullptr) {
    static_cast<void>(callOnLoop(*loop_, [this] {
      if (jobManager_ != nullptr) jobManager_->stop();
      rpc_->stop();
      return Status::ok();
    }));
    transport_->stop();
    loop_->stop();
  }
  blocking_.stop();
  blobRpc_->stop();
  blobTransport_->stop();
  blobLoop_->stop();
  if (processGroup_ != nullptr) processGroup_->close();
  rest_.reset();
  jarRunner_.reset();
  jobManager_.reset();
  blobLoop_.reset();
  blobDirectory_.reset();
  uploads_.temporary.reset();
}

}  // namespace flink::apps
