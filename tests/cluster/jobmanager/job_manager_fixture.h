#pragma once

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/jobmanager/job_manager.h"
#include "core/base/error_codes.h"
#include "tests/cluster/jobmanager/fake_task_manager.h"
#include "tests/support/job_graph_builder.h"

namespace flink::jobmanager {

/// A directory of files that exist only in memory, for reading.
class InMemoryFiles final : public FileSystem {
 public:
  std::map<std::string, std::string> content;  ///< path → text

  Result<std::unique_ptr<ReadableFile>> openRead(const std::string& path) override {
    const auto found = content.find(path);
    if (found == content.end()) return Status(ErrorCode::kFileNotFound, path);
    return std::unique_ptr<ReadableFile>(std::make_unique<File>(found->second));
  }
  Result<std::vector<FileStatus>> list(const std::string& directory) override {
    std::vector<FileStatus> result;
    for (const auto& [path, text] : content) {
      if (path.starts_with(directory + "/")) result.push_back({path, text.size(), 1, false});
    }
    return result;
  }
  Result<std::unique_ptr<WritableFile>> openWrite(const std::string&, bool) override {
    return readOnly();
  }
  Result<FileStatus> status(const std::string&) override { return readOnly(); }
  Status createDirectories(const std::string&) override { return readOnly(); }
  Status rename(const std::string&, const std::string&) override { return readOnly(); }
  Status removeAll(const std::string&) override { return readOnly(); }
  Status syncDirectory(const std::string&) override { return readOnly(); }

 private:
  class File final : public ReadableFile {
   public:
    explicit File(std::string text) : text_(std::move(text)) {}
    Result<std::size_t> readAt(std::uint64_t offset, MutableByteView out) override {
      const std::size_t length =
          std::min(out.size(), text_.size() - std::min<std::size_t>(offset, text_.size()));
      std::memcpy(out.data(), text_.data() + offset, length);
      return length;
    }
    [[nodiscard]] std::uint64_t size() const override { return text_.size(); }

   private:
    std::string text_;
  };
  static Status readOnly() { return {ErrorCode::kFileAccessDenied, "these files are for reading"}; }
};

/// A JobManager with fake TaskManagers on one loop whose time the test moves.
class JobManagerTest : public ::testing::Test {
 protected:
  using FakeTaskManager = testing::FakeTaskManager;
  using JobGraphBuilder = testing::JobGraphBuilder;

  JobManagerTest() {
    settings_.jobStoreMaxCapacity = 100;
    process_.version = testing::kTestVersion;
    process_.host = "jobmanager";
    process_.blobPort = 6124;
    process_.logPrefix = "/logs/jobmanager";
  }

  ~JobManagerTest() override { shutDown(); }

  JobManager& start() {
    static_cast<void>(transport_->bind(testing::kJobManagerEndpoint));
    jobManager_.emplace(settings_, process_,
                        JobManager::Environment{loop_, clock_, *rng_, rpc_, files_, metrics_,
                                                [this](std::function<void()> work) {
                                                  blocking_.push_back(std::move(work));
                                                  loop_.post([this] { runBlocking(); });
                                                },
                                                [this](protocol::ClusterEvent event) {
                                                  events_.push_back(std::move(event));
                                                }});
    jobManager_->start();
    rpc_.start();
    return *jobManager_;
  }
  /// Stands for another thread: nothing of it runs inside the call that asked for it.
  void runBlocking() {
    for (const auto& work : std::exchange(blocking_, {})) work();
  }
  void shutDown() {
    taskManagers_.clear();
    if (jobManager_) jobManager_->stop();
    rpc_.stop();
    loop_.run();
    jobManager_.reset();
  }

  FakeTaskManager& addTaskManager(const std::string& name, int slots) {
    taskManagers_.push_back(
        std::make_unique<FakeTaskManager>(network_, loop_, clock_, name, slots));
    taskManagers_.back()->registerNow();
    loop_.run();
    return *taskManagers_.back();
  }

  template <class Request>
  std::shared_ptr<std::optional<Result<typename Request::Response>>> ask(Request request) {
    auto box = std::make_shared<std::optional<Result<typename Request::Response>>>();
    jobManager_->handle(std::move(request),
                        Responder<Request>([box](auto answer) { *box = std::move(answer); }));
    loop_.run();
    return box;
  }
  template <class Request>
  Result<typename Request::Response> get(Request request) {
    const auto box = ask(std::move(request));
    if (!box->has_value()) return Status(ErrorCode::kDeadlineExceeded, "no answer yet");
    return std::move(**box);
  }

  Status submit(JobGraphBuilder& builder) {
    return get(protocol::SubmitJobRequest{builder.graph()}).status();
  }
  protocol::JobDetails details(const JobId& job) {
    return get(protocol::GetJobRequest{job}).value();
  }
  protocol::JobStatus statusOf(const JobId& job) { return details(job).overview.status; }
  Result<protocol::WaitJobRequest::Response> waitFor(const JobId& job) {
    return get(protocol::WaitJobRequest{job, 10'000});
  }
  protocol::ClusterOverview overview() { return get(protocol::GetOverviewRequest{}).value(); }
  std::vector<std::string> statusesOf(const JobId& job) const {
    std::vector<std::string> result;
    for (const auto& event : events_) {
      if (event.kind == "job.status" && event.attributes.at("job") == job.toHex())
        result.push_back(event.attributes.at("status"));
    }
    return result;
  }
  std::int64_t metric(const std::string& name) {
    for (const auto& sample : metrics_.collect()) {
      if (sample.name == name) return std::get<std::int64_t>(sample.value);
    }
    return -1;
  }

  /// source (parallelism) → sink (parallelism), keyed.
  static JobGraphBuilder keyedJob(std::uint32_t number, int parallelism) {
    JobGraphBuilder builder(number);
    const int source = builder.vertex("Source", parallelism);
    const int sink = builder.vertex("Sink", parallelism);
    builder.edge(source, sink, protocol::ShipStrategy::kHash);
    return builder;
  }
  /// The same in batch mode with a blocking exchange.
  static JobGraphBuilder batchJob(std::uint32_t number, int parallelism) {
    JobGraphBuilder builder(number, protocol::JobType::kBatch);
    const int source = builder.vertex("Source", parallelism);
    const int sink = builder.vertex("Sink", parallelism);
    builder.edge(source, sink, protocol::ShipStrategy::kHash, protocol::ExchangeType::kBlocking);
    return builder;
  }

  testing::ManualClock clock_;
  testing::ManualEventLoop loop_{clock_};
  testing::InMemoryNetwork network_{loop_};
  std::unique_ptr<Rng> rng_ = makeSeededRng(42);
  std::unique_ptr<MessageTransport> transport_ = network_.makeTransport("jobmanager");
  control::RpcEndpoint rpc_{{.sender = "jobmanager"}, loop_, clock_, *transport_};
  InMemoryFiles files_;
  metrics::MetricRegistry metrics_{clock_};
  JobManagerSettings settings_;
  JobManagerProcess process_;
  std::vector<protocol::ClusterEvent> events_;
  std::vector<std::function<void()>> blocking_;
  std::optional<JobManager> jobManager_;
  std::vector<std::unique_ptr<FakeTaskManager>> taskManagers_;
};

}  // namespace flink::jobmanager
