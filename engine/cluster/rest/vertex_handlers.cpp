#include <algorithm>
#include <charconv>

#include "cluster/rest/handlers.h"

namespace flink::rest {

namespace {

using VertexUse =
    std::function<void(const protocol::JobDetails&, const protocol::VertexView&, const Respond&)>;

std::optional<JobVertexId> vertexIdOf(const HttpRequest& request, const Respond& respond) {
  const std::string& text = request.pathParameters.at("vertexid");
  auto id = JobVertexId::parse(text);
  if (!id) respond(badPathParameter("vertexid", text));
  return id;
}

/// What Flink's handlers say of a vertex that a job does not have.
using MissingVertex = HttpResponse (*)(const JobVertexId&);
HttpResponse vertexNotFound(const JobVertexId& id) {
  return notFoundError("JobVertex " + id.toHex() + " not found");
}
HttpResponse noSuchVertex(const JobVertexId& id) {
  return handlerError(404, "No vertex with ID '" + id.toHex() + "' exists.");
}

void withVertex(HandlerContext& context, const HttpRequest& request, Respond respond,
                MissingVertex missing, VertexUse use) {
  const auto id = vertexIdOf(request, respond);
  if (!id) return;
  withJob(context, request, std::move(respond),
          [id = *id, missing, use = std::move(use)](const protocol::JobDetails& job,
                                                    const Respond& answer) {
            const auto it =
                std::find_if(job.vertices.begin(), job.vertices.end(),
                             [&](const protocol::VertexView& vertex) { return vertex.id == id; });
            if (it == job.vertices.end()) return answer(missing(id));
            use(job, *it, answer);
          });
}

using VertexView = std::string (*)(const protocol::JobDetails&, const protocol::VertexView&);

void addVertexView(Router& router, const std::shared_ptr<HandlerContext>& context,
                   const std::string& pattern, MissingVertex missing, VertexView view) {
  router.add(HttpMethod::kGet, pattern,
             [context, missing, view](const HttpRequest& request, Respond respond) {
               withVertex(*context, request, std::move(respond), missing,
                          [view](const auto& job, const auto& vertex, const Respond& answer) {
                            answer({200, "application/json; charset=UTF-8", view(job, vertex)});
                          });
             });
}

std::optional<std::int32_t> parseIndex(const std::string& text) {
  std::int32_t index = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size() || index < 0) return std::nullopt;
  return index;
}

using SubtaskMetricsView =
    std::function<HttpResponse(const std::vector<protocol::SubtaskMetrics>&)>;

/// Fetches a vertex's metrics and answers with `view` of them.
void withMetrics(HandlerContext& context, const HttpRequest& request, Respond respond,
                 SubtaskMetricsView view) {
  const auto job = jobIdOf(request, respond);
  if (!job) return;
  const auto vertex = vertexIdOf(request, respond);
  if (!vertex) return;
  context.services.gateway->handle(protocol::GetMetricsRequest{*job, *vertex},
                                   [respond = std::move(respond), view = std::move(view)](
                                       Result<protocol::GetMetricsRequest::Response> answer) {
                                     if (answer) return respond(view(answer->subtasks));
                                     // Whom nobody knows has no metrics: Flink's handlers look
                                     // into what was measured and nowhere else.
                                     if (httpStatusOf(answer.status()) == 404)
                                       return respond(view({}));
                                     respond(errorResponse(answer.status()));
                                   });
}

HttpResponse json(std::string body) {
  return {200, "application/json; charset=UTF-8", std::move(body)};
}

/// The subtasks named by ?subtasks=0,2,5-7; false when one is malformed.
bool chosenSubtasks(const HttpRequest& request, SubtaskChoice& chosen) {
  constexpr std::int32_t kMaxSubtask = 32768;
  for (const std::string& item : request.queryList("subtasks")) {
    const std::size_t dash = item.find('-');
    const auto first = parseIndex(item.substr(0, dash));
    const auto last = dash == std::string::npos ? first : parseIndex(item.substr(dash + 1));
    if (!first || !last || *last < *first || *last > kMaxSubtask) return false;
    chosen.add(*first, *last);
  }
  return true;
}

void addMetricRoutes(Router& router, const std::shared_ptr<HandlerContext>& context) {
  router.add(HttpMethod::kGet, "/jobs/:jobid/vertices/:vertexid/metrics",
             [context](const HttpRequest& request, Respond respond) {
               withMetrics(*context, request, std::move(respond),
                           [get = request.queryList("get")](const auto& subtasks) {
                             return json(metricsJson(vertexMetrics(subtasks), get));
                           });
             });
  router.add(HttpMethod::kGet, "/jobs/:jobid/vertices/:vertexid/subtasks/metrics",
             [context](const HttpRequest& request, Respond respond) {
               SubtaskChoice chosen;
               if (!chosenSubtasks(request, chosen)) {
                 return respond(
                     badQueryParameter("subtasks", request.queryValue("subtasks").value_or("")));
               }
               withMetrics(*context, request, std::move(respond),
                           [get = request.queryList("get"), agg = request.queryList("agg"),
                            chosen = std::move(chosen)](const auto& subtasks) {
                             return json(aggregatedMetricsJson(subtasks, get, agg, chosen));
                           });
             });
  router.add(HttpMethod::kGet, "/jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex/metrics",
             [context](const HttpRequest& request, Respond respond) {
               const std::string& text = request.pathParameters.at("subtaskindex");
               const auto index = parseIndex(text);
               if (!index) return respond(badPathParameter("subtaskindex", text));
               withMetrics(*context, request, std::move(respond),
                           [get = request.queryList("get"), index = *index](const auto& subtasks) {
                             for (const auto& subtask : subtasks) {
                               if (subtask.subtask == index)
                                 return json(metricsJson(subtask.values, get));
                             }
                             return json("[]");
                           });
             });
}

void addSubtaskRoute(Router& router, const std::shared_ptr<HandlerContext>& context) {
  router.add(
      HttpMethod::kGet, "/jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex",
      [context](const HttpRequest& request, Respond respond) {
        const std::string text = request.pathParameters.at("subtaskindex");
        const auto index = parseIndex(text);
        if (!index) return respond(badPathParameter("subtaskindex", text));
        withVertex(
            *context, request, std::move(respond), noSuchVertex,
            [index = *index](const auto& job, const auto& vertex, const Respond& answer) {
              for (const auto& subtask : vertex.subtasks) {
                if (subtask.subtask == index) return answer(json(subtaskJson(job, subtask)));
              }
              answer(handlerError(404, "Invalid subtask index for vertex " + vertex.id.toHex()));
            });
      });
}

/// Flink answers from what was measured: without that, an unknown vertex is like an ended one.
void addBackPressureRoute(Router& router, const std::shared_ptr<HandlerContext>& context) {
  router.add(HttpMethod::kGet, "/jobs/:jobid/vertices/:vertexid/backpressure",
             [context](const HttpRequest& request, Respond respond) {
               const Respond known = [respond](HttpResponse response) {
                 if (response.status == 404) return respond(json(backPressureUnknownJson()));
                 respond(std::move(response));
               };
               withVertex(*context, request, known, vertexNotFound,
                          [](const auto& job, const auto& vertex, const Respond& answer) {
                            answer(json(backPressureJson(job, vertex)));
                          });
             });
}

}  // namespace

void addVertexRoutes(Router& router, const std::shared_ptr<HandlerContext>& context) {
  addVertexView(router, context, "/jobs/:jobid/vertices/:vertexid", vertexNotFound,
                vertexDetailsJson);
  addVertexView(router, context, "/jobs/:jobid/vertices/:vertexid/subtasktimes", noSuchVertex,
                subtaskTimesJson);
  addBackPressureRoute(router, context);
  addSubtaskRoute(router, context);
  addMetricRoutes(router, context);
}

}  // namespace flink::rest
