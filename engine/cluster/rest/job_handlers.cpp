#include <charconv>

#include <fmt/format.h>

#include "cluster/rest/handlers.h"
#include "core/base/error_codes.h"

namespace flink::rest {

using protocol::CancelJobRequest;
using protocol::GetJobRequest;
using protocol::ListJobsRequest;
using protocol::WaitJobRequest;

std::optional<JobId> jobIdOf(const HttpRequest& request, const Respond& respond) {
  const std::string& text = request.pathParameters.at("jobid");
  auto id = JobId::parse(text);
  if (!id) respond(badPathParameter("jobid", text));
  return id;
}

namespace {

std::string jobNotFound(const JobId& id) {
  return "org.apache.flink.runtime.messages.FlinkJobNotFoundException: Could not find Flink job (" +
         id.toHex() + ")";
}

}  // namespace

HttpResponse jobError(const JobId& id, const Status& status) {
  if (status.code() == ErrorCode::kJobNotFound)
    return notFoundError("Job " + id.toHex() + " not found", jobNotFound(id));
  return errorResponse(status);
}

namespace {

constexpr std::size_t kDefaultMaxExceptions = 20;

using JobView = std::string (*)(const protocol::JobDetails&);

void addJobView(Router& router, const std::shared_ptr<HandlerContext>& context,
                const std::string& pattern, JobView view) {
  router.add(HttpMethod::kGet, pattern,
             [context, view](const HttpRequest& request, Respond respond) {
               withJob(*context, request, std::move(respond),
                       [view](const protocol::JobDetails& job, const Respond& answer) {
                         answer({200, "application/json; charset=UTF-8", view(job)});
                       });
             });
}

/// Flink's handler of results passes the dispatcher's failure on.
HttpResponse resultError(const JobId& id, const Status& status) {
  if (status.code() == ErrorCode::kJobNotFound)
    return handlerError(404, jobNotFound(id), jobNotFound(id));
  return errorResponse(status);
}

using ResultView = std::string (*)(const WaitJobRequest::Response&);

/// Views of a job's result; a running job answers at once with what there is.
void addResultView(Router& router, const std::shared_ptr<HandlerContext>& context,
                   const std::string& pattern, ResultView view) {
  router.add(HttpMethod::kGet, pattern,
             [context, view](const HttpRequest& request, Respond respond) {
               const auto id = jobIdOf(request, respond);
               if (!id) return;
               context->services.gateway->handle(
                   WaitJobRequest{*id, 0},
                   [id = *id, view, respond](Result<WaitJobRequest::Response> answer) {
                     if (!answer) return respond(resultError(id, answer.status()));
                     respond({200, "application/json; charset=UTF-8", view(*answer)});
                   });
             });
}

/// Flink tells in which state the job has ended.
void refuseLateCancel(HandlerContext& context, const JobId& id, Respond respond) {
  context.services.gateway->handle(
      GetJobRequest{id}, [id, respond = std::move(respond)](Result<protocol::JobDetails> job) {
        if (!job) return respond(jobError(id, job.status()));
        respond(handlerError(409, fmt::format("Job cancellation failed because the job has already "
                                              "reached another terminal state ({}).",
                                              toString(job->overview.status))));
      });
}

void cancelJob(const std::shared_ptr<HandlerContext>& context, const HttpRequest& request,
               Respond respond) {
  const auto id = jobIdOf(request, respond);
  if (!id) return;
  const std::string mode = request.queryValue("mode").value_or("cancel");
  if (mode == "stop") {
    return respond(handlerError(308,
                                "The termination mode \"stop\" has been removed. For an ungraceful "
                                "shutdown, please use \"cancel\" instead. For a graceful shutdown, "
                                "please use \"jobs/:jobId/stop\" instead."));
  }
  if (mode != "cancel") return respond(badQueryParameter("mode", mode));
  context->services.gateway->handle(
      CancelJobRequest{*id}, [context, id = *id, respond](Result<protocol::Empty> answer) {
        if (answer) return respond({202, "application/json; charset=UTF-8", "{}"});
        switch (answer.status().code()) {
          case ErrorCode::kJobNotFound:
            return respond(handlerError(404, "Job could not be found.", jobNotFound(id)));
          case ErrorCode::kJobAlreadyTerminated:
            return refuseLateCancel(*context, id, respond);
          default:
            return respond(errorResponse(answer.status()));
        }
      });
}

}  // namespace

void withJob(HandlerContext& context, const HttpRequest& request, Respond respond,
             std::function<void(const protocol::JobDetails&, Respond)> use) {
  const auto id = jobIdOf(request, respond);
  if (!id) return;
  context.services.gateway->handle(GetJobRequest{*id},
                                   [id = *id, respond = std::move(respond),
                                    use = std::move(use)](Result<protocol::JobDetails> job) {
                                     if (!job) return respond(jobError(id, job.status()));
                                     use(*job, respond);
                                   });
}

void addJobRoutes(Router& router, const std::shared_ptr<HandlerContext>& context) {
  router.add(HttpMethod::kGet, "/jobs", [context](const HttpRequest&, Respond respond) {
    context->services.gateway->handle(
        ListJobsRequest{}, answerWith<ListJobsRequest>(std::move(respond), [](const auto& answer) {
          return jobIdsJson(answer.jobs);
        }));
  });
  router.add(HttpMethod::kGet, "/jobs/overview", [context](const HttpRequest&, Respond respond) {
    context->services.gateway->handle(
        ListJobsRequest{}, answerWith<ListJobsRequest>(std::move(respond), [](const auto& answer) {
          return jobsOverviewJson(answer.jobs);
        }));
  });
  addJobView(router, context, "/jobs/:jobid", jobDetailsJson);
  addJobView(router, context, "/jobs/:jobid/plan", jobPlanJson);
  addJobView(router, context, "/jobs/:jobid/config", jobConfigJson);
  addJobView(router, context, "/jobs/:jobid/status", jobStatusJson);
  addResultView(router, context, "/jobs/:jobid/execution-result", executionResultJson);
  addResultView(router, context, "/jobs/:jobid/accumulators", accumulatorsJson);
  router.add(HttpMethod::kGet, "/jobs/:jobid/exceptions",
             [context](const HttpRequest& request, Respond respond) {
               std::size_t most = kDefaultMaxExceptions;
               if (const auto text = request.queryValue("maxExceptions")) {
                 const auto [end, error] =
                     std::from_chars(text->data(), text->data() + text->size(), most);
                 if (error != std::errc() || end != text->data() + text->size()) {
                   return respond(badQueryParameter("maxExceptions", *text));
                 }
               }
               withJob(
                   *context, request, std::move(respond),
                   [most](const protocol::JobDetails& job, const Respond& answer) {
                     answer({200, "application/json; charset=UTF-8", jobExceptionsJson(job, most)});
                   });
             });
  router.add(HttpMethod::kPatch, "/jobs/:jobid",
             [context](const HttpRequest& request, Respond respond) {
               cancelJob(context, request, std::move(respond));
             });
}

}  // namespace flink::rest
