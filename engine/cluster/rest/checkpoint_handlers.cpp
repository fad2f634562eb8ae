#include <charconv>

#include "cluster/rest/checkpoint_views.h"
#include "cluster/rest/handlers.h"
#include "core/base/error_codes.h"
#include "dataflow/checkpoint/report.h"

/// A job's checkpoints, and the savepoints and checkpoints that clients ask for.
namespace flink::rest {
namespace {

using checkpoint::CheckpointReport;
using checkpoint::SnapshotKind;
using protocol::GetCheckpointsRequest;
using protocol::TriggerSnapshotRequest;
using protocol::WaitSnapshotRequest;

constexpr char kJsonType[] = "application/json; charset=UTF-8";

/// Fetches what is known of the job's checkpoints (`id` 0: all) and hands it to `use`.
void withReport(HandlerContext& context, const HttpRequest& request, const Respond& respond,
                checkpoint::CheckpointId id,
                std::function<HttpResponse(const CheckpointReport&)> use) {
  const auto job = jobIdOf(request, respond);
  if (!job) return;
  context.services.gateway->handle(
      GetCheckpointsRequest{*job, id},
      [job = *job, respond, use = std::move(use)](Result<GetCheckpointsRequest::Response> answer) {
        if (!answer) return respond(jobError(job, answer.status()));
        const auto report = checkpoint::decodeReport(asBytes(answer->report));
        if (!report) return respond(errorResponse(report.status()));
        respond(use(*report));
      });
}

std::optional<checkpoint::CheckpointId> checkpointIdOf(const HttpRequest& request,
                                                       const Respond& respond) {
  const std::string& text = request.pathParameters.at("checkpointid");
  checkpoint::CheckpointId id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error == std::errc() && end == text.data() + text.size() && id > 0) return id;
  respond(badPathParameter("checkpointid", text));
  return std::nullopt;
}

void subtasksOf(HandlerContext& context, const HttpRequest& request, const Respond& respond) {
  const auto id = checkpointIdOf(request, respond);
  if (!id) return;
  const std::string& text = request.pathParameters.at("vertexid");
  const auto vertexId = JobVertexId::parse(text);
  if (!vertexId) return respond(badPathParameter("vertexid", text));
  withReport(
      context, request, respond, *id, [vertexId = *vertexId](const CheckpointReport& report) {
        for (const auto& vertex : report.history.at(0).vertices) {
          if (vertex.id == vertexId)
            return HttpResponse{200, kJsonType, checkpointSubtasksJson(report.history[0], vertex)};
        }
        return errorResponse(
            404, "There is no checkpoint statistics for task " + vertexId.toHex() + ".");
      });
}

/// Begins a snapshot and answers with its trigger id; `begun` hears of it too.
void trigger(HandlerContext& context, const JobId& job, SnapshotKind kind,
             const std::string& target, const SnapshotTriggerId& chosen, const Respond& respond,
             std::function<void(const SnapshotTriggerId&)> begun = {}) {
  context.services.gateway->handle(
      TriggerSnapshotRequest{job, static_cast<std::int32_t>(kind), target, chosen},
      [job, respond, begun = std::move(begun)](Result<TriggerSnapshotRequest::Response> answer) {
        if (!answer) return respond(jobError(job, answer.status()));
        respond({202, kJsonType, triggerJson(answer->trigger.toHex())});
        if (begun) begun(answer->trigger);
      });
}

/// Cancels the job once its savepoint is complete; if it fails, the job goes on.
void cancelWhenSaved(const std::shared_ptr<HandlerContext>& context, const JobId& job,
                     const SnapshotTriggerId& trigger) {
  constexpr std::int64_t kWaitMs = 60'000;
  context->services.gateway->handle(
      WaitSnapshotRequest{job, trigger, kWaitMs},
      [context, job, trigger](Result<WaitSnapshotRequest::Response> answer) {
        if (!answer || answer->failure) return;
        if (!answer->completed) return cancelWhenSaved(context, job, trigger);
        context->services.gateway->handle(protocol::CancelJobRequest{job}, [](const auto&) {});
      });
}

HttpResponse refusal(const Status& status) {
  return errorResponse(400, status.message());
}

void triggerSavepoint(const std::shared_ptr<HandlerContext>& context, const HttpRequest& request,
                      const Respond& respond) {
  const auto job = jobIdOf(request, respond);
  if (!job) return;
  const auto body = parseSavepointTrigger(request.body);
  if (!body) return respond(refusal(body.status()));
  std::function<void(const SnapshotTriggerId&)> begun;
  if (body->cancelJob)
    begun = [context, job = *job](const auto& id) { cancelWhenSaved(context, job, id); };
  trigger(*context, *job, SnapshotKind::kSavepoint, body->targetDirectory, body->trigger, respond,
          std::move(begun));
}

void triggerStop(HandlerContext& context, const HttpRequest& request, const Respond& respond) {
  const auto job = jobIdOf(request, respond);
  if (!job) return;
  const auto body = parseStopTrigger(request.body);
  if (!body) return respond(refusal(body.status()));
  trigger(context, *job,
          body->drain ? SnapshotKind::kTerminateSavepoint : SnapshotKind::kSuspendSavepoint,
          body->targetDirectory, body->trigger, respond);
}

void triggerCheckpoint(HandlerContext& context, const HttpRequest& request,
                       const Respond& respond) {
  const auto job = jobIdOf(request, respond);
  if (!job) return;
  const auto body = parseCheckpointTrigger(request.body);
  if (!body) return respond(refusal(body.status()));
  trigger(context, *job, SnapshotKind::kCheckpoint, {}, body->trigger, respond);
}

Operation operationOf(const WaitSnapshotRequest::Response& answer, bool savepoint) {
  if (!answer.completed) return OperationPending{};
  if (answer.failure)
    return OperationFailure{answer.failure->exceptionName, answer.failure->stackTrace};
  if (savepoint) return SavepointLocation{answer.path};
  return TriggeredCheckpoint{answer.checkpoint};
}

void showOperation(HandlerContext& context, const HttpRequest& request, const Respond& respond,
                   bool savepoint) {
  const auto job = jobIdOf(request, respond);
  if (!job) return;
  const std::string& text = request.pathParameters.at("triggerid");
  const auto id = SnapshotTriggerId::parse(text);
  if (!id) return respond(badPathParameter("triggerid", text));
  context.services.gateway->handle(
      WaitSnapshotRequest{*job, *id, 0},
      [savepoint, text, respond](Result<WaitSnapshotRequest::Response> answer) {
        if (!answer) return respond(noSuchOperation(text));
        respond({200, kJsonType, operationJson(operationOf(*answer, savepoint))});
      });
}

}  // namespace

void addCheckpointRoutes(Router& router, const std::shared_ptr<HandlerContext>& context) {
  router.add(HttpMethod::kGet, "/jobs/:jobid/checkpoints",
             [context](const HttpRequest& request, const Respond& respond) {
               withReport(*context, request, respond, 0, [](const CheckpointReport& report) {
                 return HttpResponse{200, kJsonType, checkpointsJson(report)};
               });
             });
  router.add(HttpMethod::kGet, "/jobs/:jobid/checkpoints/config",
             [context](const HttpRequest& request, const Respond& respond) {
               withReport(*context, request, respond, 0, [](const CheckpointReport& report) {
                 return HttpResponse{200, kJsonType, checkpointConfigJson(report.settings)};
               });
             });
  router.add(HttpMethod::kGet, "/jobs/:jobid/checkpoints/details/:checkpointid",
             [context](const HttpRequest& request, const Respond& respond) {
               const auto id = checkpointIdOf(request, respond);
               if (!id) return;
               withReport(*context, request, respond, *id, [](const CheckpointReport& report) {
                 return HttpResponse{200, kJsonType, checkpointDetailsJson(report.history.at(0))};
               });
             });
  router.add(HttpMethod::kGet, "/jobs/:jobid/checkpoints/details/:checkpointid/subtasks/:vertexid",
             [context](const HttpRequest& request, const Respond& respond) {
               subtasksOf(*context, request, respond);
             });
  router.add(HttpMethod::kPost, "/jobs/:jobid/checkpoints",
             [context](const HttpRequest& request, const Respond& respond) {
               triggerCheckpoint(*context, request, respond);
             });
  router.add(HttpMethod::kGet, "/jobs/:jobid/checkpoints/:triggerid",
             [context](const HttpRequest& request, const Respond& respond) {
               showOperation(*context, request, respond, false);
             });
  router.add(HttpMethod::kPost, "/jobs/:jobid/savepoints",
             [context](const HttpRequest& request, const Respond& respond) {
               triggerSavepoint(context, request, respond);
             });
  router.add(HttpMethod::kGet, "/jobs/:jobid/savepoints/:triggerid",
             [context](const HttpRequest& request, const Respond& respond) {
               showOperation(*context, request, respond, true);
             });
  router.add(HttpMethod::kPost, "/jobs/:jobid/stop",
             [context](const HttpRequest& request, const Respond& respond) {
               triggerStop(*context, request, respond);
             });
}

}  // namespace flink::rest
