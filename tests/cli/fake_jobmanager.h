#pragma once

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster/control/rpc.h"
#include "cluster/protocol/messages.h"
#include "core/base/error_codes.h"
#include "tests/cluster/control/node.h"

namespace flink::cli::test {

/// Answers flinkctl as a JobManager with one running job, one finished job and one TaskManager
/// would. Thread: answers on its own loop; the members that tests set are set before it starts.
class FakeJobManager {
 public:
  /// A call served in the test's own way; before start(). The first handler of a call stays.
  template <class Request>
  void serve(std::function<void(Request, control::RpcEndpoint::Responder<Request>)> handler) {
    if (!served_.insert(Request::kMethod).second) return;
    node_.rpc().serve<Request>(
        [handler = std::move(handler)](const auto&, Request request, auto respond) {
          handler(std::move(request), std::move(respond));
        });
  }
  void start() {
    serveCluster();
    serveJobs();
    serveLogs();
    node_.rpc().start();
    port_ = node_.transport().bind("localhost:0").value();
  }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string address() const { return "localhost:" + std::to_string(port_); }

  /// Names of the calls so far, in order.
  std::vector<std::string> calls() {
    return node_.onLoop([this] { return calls_; });
  }
  /// Adds to calls() and returns their number. REQUIRES: inside a handler.
  std::size_t note(std::string call) {
    calls_.push_back(std::move(call));
    return calls_.size();
  }
  template <class Fn>
  auto onLoop(Fn fn) {
    return node_.onLoop(std::move(fn));
  }

  static JobId runningJob() { return *JobId::parse("11111111222222223333333344444444"); }
  static JobId finishedJob() { return *JobId::parse("0123456789abcdef0123456789abcdef"); }

 private:
  static protocol::JobOverview overview(const JobId& id) {
    protocol::JobOverview job;
    job.id = id;
    job.startMs = 1'600'000'000'123;
    if (id == runningJob()) {
      job.name = "123";  // a name that a careless YAML writer turns into a number
      job.status = protocol::JobStatus::kRunning;
      job.durationMs = 62'000;
      job.tasks[static_cast<std::size_t>(protocol::ExecutionState::kRunning)] = 2;
    } else {
      job.name = "true: \"quoted\" – ünïcödé";
      job.status = protocol::JobStatus::kFinished;
      job.type = protocol::JobType::kBatch;
      job.durationMs = 15;
      job.endMs = job.startMs + job.durationMs;
    }
    return job;
  }
  template <class T>
  static Result<T> known(const JobId& id, T value) {
    if (id == runningJob() || id == finishedJob()) return value;
    return Status(ErrorCode::kJobNotFound, "job not found: job=" + id.toHex());
  }

  void serveCluster();
  void serveJobs();
  void serveLogs();

  std::set<protocol::Method> served_;
  std::vector<std::string> calls_;
  int port_ = 0;
  control::test::Node node_{control::makeZmqTransport("jobmanager")};
};

inline void FakeJobManager::serveCluster() {
  serve<protocol::GetVersionRequest>([this](const auto&, const auto& respond) {
    protocol::GetVersionRequest::Response version;
    version.version = "1.2.3";
    version.blobPort = port_;
    respond(std::move(version));
  });
  serve<protocol::HasBlobRequest>([](const auto&, const auto& respond) {
    protocol::HasBlobRequest::Response has;
    has.present = true;
    respond(has);
  });
  serve<protocol::ListTaskManagersRequest>([](const auto&, const auto& respond) {
    protocol::TaskManagerView view;
    view.id = TaskManagerId("localhost:1-abc");
    view.host = "localhost";
    view.pid = 42;
    view.dataPort = 4000;
    view.slots = 4;
    view.freeSlots = 1;
    view.lastHeartbeatMs = 1'600'000'000'000;
    respond(protocol::ListTaskManagersRequest::Response{{view}});
  });
}

inline void FakeJobManager::serveJobs() {
  serve<protocol::ListJobsRequest>([](const auto&, const auto& respond) {
    respond(protocol::ListJobsRequest::Response{{overview(finishedJob()), overview(runningJob())}});
  });
  serve<protocol::CancelJobRequest>([this](const auto& request, const auto& respond) {
    note("cancel " + request.job.toHex());
    respond(known(request.job, protocol::Empty{}));
  });
  serve<protocol::WaitJobRequest>([](const auto& request, const auto& respond) {
    protocol::WaitJobRequest::Response answer;
    answer.status = overview(request.job).status;
    if (request.job == finishedJob()) {
      answer.result = protocol::JobResult{};
      answer.result->id = request.job;
      answer.result->netRuntimeMs = 15;
    }
    respond(known(request.job, std::move(answer)));
  });
  serve<protocol::GetJobRequest>([](const auto& request, const auto& respond) {
    protocol::JobDetails job;
    job.overview = overview(request.job);
    protocol::VertexView vertex;
    vertex.name = "Source: words -> Map";
    vertex.parallelism = 2;
    vertex.maxParallelism = 128;
    for (int i = 0; i < 2; ++i) {
      protocol::SubtaskView subtask;
      subtask.subtask = i;
      subtask.state = protocol::ExecutionState::kRunning;
      subtask.io.recordsIn = 10;
      subtask.io.busyMsPerSecond = 500;
      vertex.subtasks.push_back(subtask);
    }
    job.vertices.push_back(vertex);
    job.configuration["parallelism.default"] = "2";
    respond(known(request.job, std::move(job)));
  });
}

inline void FakeJobManager::serveLogs() {
  serve<protocol::ListLogsRequest>([](const auto& request, const auto& respond) {
    respond(
        protocol::ListLogsRequest::Response{{{request.process + ".log", 12, 1'600'000'000'000}}});
  });
  serve<protocol::ReadLogRequest>([](const auto& request, const auto& respond) {
    const std::string text = request.process + " said\n";
    protocol::ReadLogRequest::Response answer;
    answer.offset = request.offset;
    answer.fileSize = static_cast<std::int64_t>(text.size());
    answer.data = text.substr(std::min(text.size(), static_cast<std::size_t>(request.offset)));
    respond(std::move(answer));
  });
}

}  // namespace flink::cli::test
