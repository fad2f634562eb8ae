#include "cluster/rest/handlers.h"
#include "core/config/configuration.h"

namespace flink::rest {

using protocol::GetOverviewRequest;
using protocol::GetTaskManagerRequest;
using protocol::GetVersionRequest;
using protocol::ListTaskManagersRequest;

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
               context->services.gateway->handle(
                   GetTaskManagerRequest{TaskManagerId(request.pathParameters.at("taskmanagerid"))},
                   answerWith<GetTaskManagerRequest>(std::move(respond), taskManagerJson));
             });
}

}  // namespace flink::rest
