#include "apps/program_jar_runner.h"

#include <utility>

#include <fmt/format.h>

#include "api/program/job_library.h"
#include "cluster/protocol/codec.h"
#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "core/config/options/core_options.h"

namespace flink::apps {

namespace {

Logger kLog{"flink.rest.jars"};

using control::ProgramRunner;
using protocol::Method;

/// Calls a function at most once; later calls and its destruction unused are the caller's business.
std::function<void(Result<protocol::JobGraph>)> onlyOnce(
    std::function<void(Result<protocol::JobGraph>)> done) {
  auto shared = std::make_shared<std::function<void(Result<protocol::JobGraph>)>>(std::move(done));
  return [shared](Result<protocol::JobGraph> value) {
    if (auto call = std::exchange(*shared, nullptr)) call(std::move(value));
  };
}

}  // namespace

std::vector<std::string> ProgramJarRunner::entries(const std::string& path) {
  return program::jobNamesInFile(path).valueOr({});
}

void ProgramJarRunner::plan(rest::JarRunRequest request,
                            std::function<void(Result<protocol::JobGraph>)> done) {
  services_.loop.post([this, request = std::move(request), done = std::move(done)]() mutable {
    if (!stopped_) admit({std::move(request), true, onlyOnce(std::move(done))});
  });
}

void ProgramJarRunner::run(rest::JarRunRequest request, std::function<void(Result<JobId>)> done) {
  services_.loop.post([this, request = std::move(request), done = std::move(done)]() mutable {
    if (stopped_) return;
    FirstGraph first = [done = std::move(done)](Result<protocol::JobGraph> graph) {
      if (!graph) return done(graph.status());
      done(graph->id);
    };
    admit({std::move(request), false, onlyOnce(std::move(first))});
  });
}

void ProgramJarRunner::admit(Start start) {
  const bool free = programs_.size() < limits_.maxPrograms;
  if (!free && waiting_.size() >= limits_.maxWaiting) {
    return start.first(
        Status(ErrorCode::kUnavailable,
               fmt::format(
                   "too many programs of uploaded libraries: running={} waiting={}; try again when "
                   "one has ended, or use flinkctl run",
                   programs_.size(), waiting_.size())));
  }
  const std::uint64_t number = nextProgram_++;
  if (!free || start.planOnly) {
    services_.loop.schedule(limits_.maxWait, [this, number, start] { expire(number, start); });
  }
  if (free) return this->start(number, std::move(start));
  waiting_.emplace(number, std::move(start));
}

void ProgramJarRunner::startWaiting() {
  while (!waiting_.empty() && programs_.size() < limits_.maxPrograms) {
    auto next = waiting_.extract(waiting_.begin());
    start(next.key(), std::move(next.mapped()));
  }
}

void ProgramJarRunner::expire(std::uint64_t number, const Start& start) {
  const bool waited = waiting_.erase(number) > 0;
  const bool planned = start.planOnly && programs_.erase(number) > 0;  // kills it
  if (!waited && !planned) return;
  start.first(Status(
      ErrorCode::kDeadlineExceeded,
      fmt::format("{}: library={} waited={} s",
                  waited ? "the program's turn did not come" : "the program gives no plan",
                  start.request.name,
                  std::chrono::duration_cast<std::chrono::seconds>(limits_.maxWait).count())));
  startWaiting();
}

void ProgramJarRunner::start(std::uint64_t number, Start start) {
  programs_[number] = nullptr;
  services_.runBlocking([this, number, start = std::move(start)]() mutable {
    auto copy = services_.blobs.copyOf(start.request.path);
    services_.loop.post([this, number, start = std::move(start), copy = std::move(copy)] {
      if (!stopped_) onCopied(number, start, copy);
    });
  });
}

void ProgramJarRunner::onCopied(std::uint64_t number, const Start& start,
                                const Result<std::shared_ptr<control::BlobCopy>>& copy) {
  const auto place = programs_.find(number);
  if (place == programs_.end()) return;  // expired
  Status status = copy.status();
  if (status) status = services_.blobs.adopt(**copy);
  if (status) {
    auto program = spawn(number, start, (*copy)->digest());
    status = program.status();
    if (program) place->second = std::move(*program);
  }
  if (status) return;
  start.first(status);
  release(number);
}

void ProgramJarRunner::release(std::uint64_t number) {
  programs_.erase(number);
  startWaiting();
}

Result<std::unique_ptr<ProgramRunner>> ProgramJarRunner::spawn(std::uint64_t number,
                                                               const Start& start,
                                                               const BlobDigest& library) {
  const rest::JarRunRequest& request = start.request;
  ProgramRunner::Spec spec;
  spec.binary = services_.programBinary;
  spec.start.libraryPath = request.path;
  spec.start.library = library;
  spec.start.entry = request.entryClass;
  spec.start.arguments = request.arguments;
  spec.start.configuration = services_.configuration;
  for (const auto& [key, value] : request.configuration) spec.start.configuration[key] = value;
  if (request.parallelism)
    spec.start.configuration[std::string(config::kParallelismDefault.key)] =
        std::to_string(*request.parallelism);
  spec.start.detached = true;
  spec.start.planOnly = start.planOnly;
  spec.relay = [this, start](Method method, const Bytes& body, Duration,
                             ProgramRunner::Answer answer) {
    if (method == Method::kSubmitJob) return submit(start, body, std::move(answer));
    relay(method, body, std::move(answer));
  };
  spec.done = [this, number, name = request.name, first = start.first](const Status& status,
                                                                       int numJobs) {
    if (!status.isOk() && status.code() != ErrorCode::kCancelled) {
      FLINK_WARN(kLog, "program failed library={} reason={}", name, status.toString());
      first(status);
    }
    if (numJobs == 0)
      first(Status(ErrorCode::kProgramInvalid, "the program executes no job: library=" + name));
    services_.loop.post([this, number] { release(number); });  // not inside its own call
  };
  return ProgramRunner::start(std::move(spec), services_.processes, services_.loop,
                              services_.clock);
}

void ProgramJarRunner::submit(const Start& start, const Bytes& body, ProgramRunner::Answer answer) {
  auto submission = protocol::decode<protocol::SubmitJobRequest>(asBytes(body));
  if (!submission) return answer(submission.status());
  if (start.planOnly) {
    start.first(std::move(submission->graph));
    return answer(Status(ErrorCode::kCancelled, "only the plan was wanted"));
  }
  auto graph = std::make_shared<protocol::JobGraph>(submission->graph);
  services_.gateway.handle(std::move(*submission),
                           [&loop = services_.loop, graph, first = start.first,
                            answer = std::move(answer)](Result<protocol::Empty> result) {
                             // The gateway answers on its own thread; the program's end may call
                             // `first` meanwhile.
                             loop.post([graph, first, status = result.status()] {
                               if (status) return first(std::move(*graph));
                               first(status);
                             });
                             if (!result) return answer(result.status());
                             answer(protocol::encode(protocol::Empty{}));
                           });
}

template <class Request>
void ProgramJarRunner::pass(const Bytes& body, ProgramRunner::Answer answer) {
  auto request = protocol::decode<Request>(asBytes(body));
  if (!request) return answer(request.status());
  services_.gateway.handle(std::move(*request),
                           [answer = std::move(answer)](Result<typename Request::Response> result) {
                             if (!result) return answer(result.status());
                             answer(protocol::encode(*result));
                           });
}

void ProgramJarRunner::relay(Method method, const Bytes& body, ProgramRunner::Answer answer) {
  switch (method) {
    case Method::kWaitJob:
      return pass<protocol::WaitJobRequest>(body, std::move(answer));
    case Method::kCancelJob:
      return pass<protocol::CancelJobRequest>(body, std::move(answer));
    case Method::kGetJob:
      return pass<protocol::GetJobRequest>(body, std::move(answer));
    case Method::kCollectResults:
      return pass<protocol::CollectResultsRequest>(body, std::move(answer));
    default:
      return answer(
          Status(ErrorCode::kUnknownMethod,
                 fmt::format("programs may not call this: method={}", static_cast<int>(method))));
  }
}

void ProgramJarRunner::stop() {
  stopped_ = true;
  waiting_.clear();
  programs_.clear();
}

}  // namespace flink::apps
