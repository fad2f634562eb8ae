#include "apps/program_jar_runner.h"

#include <utility>

#include <fmt/format.h>

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
template <class Value>
std::function<void(Result<Value>)> onlyOnce(std::function<void(Result<Value>)> done) {
  auto shared = std::make_shared<std::function<void(Result<Value>)>>(std::move(done));
  return [shared](Result<Value> value) {
    if (auto call = std::exchange(*shared, nullptr)) call(std::move(value));
  };
}

}  // namespace

void ProgramJarRunner::plan(rest::JarRunRequest request,
                            std::function<void(Result<protocol::JobGraph>)> done) {
  services_.loop.post([this, request = std::move(request), done = std::move(done)] {
    if (!stopped_) start(request, true, done);
  });
}

void ProgramJarRunner::run(rest::JarRunRequest request, std::function<void(Result<JobId>)> done) {
  services_.loop.post([this, request = std::move(request), done = std::move(done)] {
    if (stopped_) return;
    start(request, false, [done](Result<protocol::JobGraph> graph) {
      if (!graph) return done(graph.status());
      done(graph->id);
    });
  });
}

void ProgramJarRunner::start(const rest::JarRunRequest& request, bool planOnly, FirstGraph first) {
  first = onlyOnce<protocol::JobGraph>(std::move(first));
  auto digest = services_.blobs.add(request.path);
  if (!digest) return first(digest.status());
  ProgramRunner::Spec spec;
  spec.binary = services_.programBinary;
  spec.start.libraryPath = request.path;
  spec.start.library = *digest;
  spec.start.entry = request.entryClass;
  spec.start.arguments = request.arguments;
  spec.start.configuration = services_.configuration;
  for (const auto& [key, value] : request.configuration) spec.start.configuration[key] = value;
  if (request.parallelism)
    spec.start.configuration[std::string(config::kParallelismDefault.key)] =
        std::to_string(*request.parallelism);
  spec.start.detached = true;
  spec.start.planOnly = planOnly;
  spec.relay = [this, planOnly, first](Method method, Bytes body, Duration,
                                       ProgramRunner::Answer answer) {
    if (method != Method::kSubmitJob) return relay(method, body, std::move(answer));
    auto submission = protocol::decode<protocol::SubmitJobRequest>(asBytes(body));
    if (!submission) return answer(submission.status());
    if (planOnly) {
      first(std::move(submission->graph));
      return answer(Status(ErrorCode::kCancelled, "only the plan was wanted"));
    }
    auto graph = std::make_shared<protocol::JobGraph>(submission->graph);
    services_.gateway.handle(std::move(*submission),
                             [graph, first, answer = std::move(answer)](auto result) {
                               if (!result) {
                                 first(result.status());
                                 return answer(result.status());
                               }
                               first(std::move(*graph));
                               answer(protocol::encode(protocol::Empty{}));
                             });
  };
  const std::uint64_t number = nextProgram_++;
  spec.done = [this, number, name = request.name, first](const Status& status, int numJobs) {
    if (!status.isOk() && status.code() != ErrorCode::kCancelled) {
      FLINK_WARN(kLog, "program failed library={} reason={}", name, status.toString());
      first(status);
    }
    if (numJobs == 0)
      first(Status(ErrorCode::kProgramInvalid, "the program executes no job: library=" + name));
    services_.loop.post([this, number] { programs_.erase(number); });  // not inside its own call
  };
  auto program =
      ProgramRunner::start(std::move(spec), services_.processes, services_.loop, services_.clock);
  if (!program) return first(program.status());
  programs_[number] = std::move(*program);
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
  programs_.clear();
}

}  // namespace flink::apps
