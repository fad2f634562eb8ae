#include "cluster/rest/handlers.h"
#include "core/base/error_codes.h"
#include "core/config/configuration.h"

namespace flink::rest {

using protocol::GetOverviewRequest;
using protocol::GetTaskManagerRequest;
using protocol::GetVersionRequest;
using protocol::ListTaskManagersRequest;

HttpResponse taskManagerError(const TaskManagerId& id, const Status& status) {
  if (status.code() != ErrorCode::kTaskManagerUnknown) return errorResponse(status);
  return handlerError(
      404, "Could not find TaskExecutor " + id.text() + ".",
      "org.apache.flink.runtime.resourcemanager.exceptions.UnknownTaskExecutorException: No "
      "TaskExecutor registered under " +
          id.text() + ".");
}

void addClusterRoutes(Router& router, const std::shared_ptr<HandlerContext>& context) {
  router.add(HttpMethod::kGet, "/overview", [context](const HttpRequest&, Respond respond) {
    context->services.gateway->handle(
        GetOverviewRequest{}, answerWith<GetOverviewRequest>(std::move(respond), overviewJson));
  });
  router.add(HttpMethod::kGet, "/config", [context](const HttpRequest&, Respond respond) {
    context->services.gateway->handle(
        GetVersionRequest{},
        answerWith<GetVersionRequest>(std::move(respond), [context](const auto& answer) {
          return configJson(context->settings.dashboard, answer.version, answer.commit);
        }));
  });
  router.add(HttpMethod::kGet, "/jobmanager/config",
             [context](const HttpRequest&, Respond respond) {
               auto values = context->settings.configuration;
               for (auto& [key, value] : values) {
                 if (config::isSensitiveKey(key)) value = "******";
               }
               respond({200, "application/json; charset=UTF-8", keyValuesJson(values)});
             });
  router.add(HttpMethod::kGet, "/taskmanagers", [context](const HttpRequest&, Respond respond) {
    context->services.gateway->handle(
        ListTaskManagersRequest{},
        answerWith<ListTaskManagersRequest>(std::move(respond), [](const auto& answer) {
          return taskManagersJson(answer.taskManagers);
        }));
  });
  router.add(HttpMethod::kGet, "/taskmanagers/:taskmanagerid",
             [context](const HttpRequest& request, Respond respond) {
               const TaskManagerId id(request.pathParameters.at("taskmanagerid"));
               context->services.gateway->handle(
                   GetTaskManagerRequest{id},
                   [id, respond = std::move(respond)](Result<protocol::TaskManagerView> answer) {
                     if (!answer) return respond(taskManagerError(id, answer.status()));
                     respond({200, "application/json; charset=UTF-8", taskManagerJson(*answer)});
                   });
             });
}

}  // namespace flink::rest
