#include <charconv>
#include <utility>

#include "cluster/rest/handlers.h"
#include "cluster/rest/json_parts.h"
#include "core/base/error_codes.h"

namespace flink::rest {

namespace {

HttpResponse json(const Json& body) {
  return {200, "application/json; charset=UTF-8", dump(body)};
}

/// Body fields win over query parameters, as in Flink.
Result<JarRunRequest> parseRun(const UploadedJar& jar, const HttpRequest& request) {
  JarRunRequest run;
  run.path = jar.path;
  run.name = jar.name;
  run.entryClass = request.queryValue("entry-class").value_or("");
  run.arguments = request.queryList("programArg");
  int parallelism = 0;
  if (const auto text = request.queryValue("parallelism")) {
    const auto [end, error] =
        std::from_chars(text->data(), text->data() + text->size(), parallelism);
    if (error != std::errc() || end != text->data() + text->size() || parallelism < 1) {
      return Status(ErrorCode::kInvalidArgument,
                    "parallelism is no positive number: parallelism=" + *text);
    }
  }
  FLINK_ASSIGN_OR_RETURN(const Json body, parseBody(request.body));
  FLINK_RETURN_IF_ERROR(readField(body, "entryClass", run.entryClass));
  FLINK_RETURN_IF_ERROR(readField(body, "programArgsList", run.arguments));
  FLINK_RETURN_IF_ERROR(readField(body, "parallelism", parallelism));
  FLINK_RETURN_IF_ERROR(readField(body, "flinkConfiguration", run.configuration));
  std::string savepoint;
  FLINK_RETURN_IF_ERROR(readField(body, "savepointPath", savepoint));
  if (!savepoint.empty()) {
    return Status(ErrorCode::kUnsupported,
                  "jobs cannot start from savepoints in this release: savepointPath=" + savepoint);
  }
  if (parallelism < 0) return malformedBody("field parallelism is negative");
  if (parallelism > 0) run.parallelism = parallelism;
  return run;
}

/// Finds the jar of the path, parses the request and hands both to `use`.
void withRun(HandlerContext& context, const HttpRequest& request, const Respond& respond,
             const std::function<void(JarRunRequest)>& use) {
  if (!context.settings.dashboard.submitEnabled) {
    return respond(
        errorResponse(403, "submission through REST is switched off (web.submit.enable: false)"));
  }
  const std::string& id = request.pathParameters.at("jarid");
  const auto jar = context.jars.find(id);
  if (!jar) return respond(handlerError(400, "Jar file " + id + " does not exist"));
  auto run = parseRun(*jar, request);
  if (!run) return respond(errorResponse(run.status()));
  use(std::move(*run));
}

void planOf(const std::shared_ptr<HandlerContext>& context, const HttpRequest& request,
            const Respond& respond) {
  withRun(*context, request, respond, [&](JarRunRequest run) {
    context->services.jarRunner->plan(std::move(run), [respond](Result<protocol::JobGraph> graph) {
      if (!graph) return respond(errorResponse(graph.status()));
      respond({200, "application/json; charset=UTF-8", planOfGraphJson(*graph)});
    });
  });
}

void listJars(HandlerContext& context, const Respond& respond) {
  auto jars = context.jars.list();
  if (!jars) return respond(errorResponse(jars.status()));
  Json files = Json::array();
  auto known = std::exchange(context.jarEntries, {});
  for (const UploadedJar& jar : *jars) {
    const auto it = known.find(jar.id);
    auto names =
        it != known.end() ? std::move(it->second) : context.services.jarRunner->entries(jar.path);
    Json entries = Json::array();
    for (const std::string& name : names) {
      entries.push_back({{"name", name}, {"description", nullptr}});
    }
    context.jarEntries[jar.id] = std::move(names);
    files.push_back(
        {{"id", jar.id}, {"name", jar.name}, {"uploaded", jar.uploadedMs}, {"entry", entries}});
  }
  respond(json(
      {{"address", "http://" + context.settings.bindAddress + ":" + std::to_string(context.port)},
       {"files", files}}));
}

void uploadJar(HandlerContext& context, const HttpRequest& request, const Respond& respond) {
  if (!context.settings.dashboard.submitEnabled) {
    return respond(errorResponse(403, "uploads are switched off (web.submit.enable: false)"));
  }
  const auto file = parseMultipartFile(request.contentType, request.body);
  if (!file) return respond(errorResponse(file.status()));
  auto jar = context.jars.add(file->fileName, file->content);
  if (!jar) return respond(errorResponse(jar.status()));
  respond(json({{"filename", jar->path}, {"status", "success"}}));
}

}  // namespace

void addJarRoutes(Router& router, const std::shared_ptr<HandlerContext>& context) {
  router.add(HttpMethod::kGet, "/jars", [context](const HttpRequest&, const Respond& respond) {
    listJars(*context, respond);
  });
  router.add(HttpMethod::kPost, "/jars/upload",
             [context](const HttpRequest& request, const Respond& respond) {
               uploadJar(*context, request, respond);
             });
  router.add(HttpMethod::kDelete, "/jars/:jarid",
             [context](const HttpRequest& request, const Respond& respond) {
               const std::string& id = request.pathParameters.at("jarid");
               const Status status = context->jars.remove(id);
               if (!status && status.code() == ErrorCode::kNotFound) {
                 return respond(handlerError(400, "File " + id + " does not exist in " +
                                                      context->settings.uploadDirectory + "."));
               }
               if (!status) return respond(errorResponse(status));
               respond(json(Json::object()));
             });
  for (const HttpMethod method : {HttpMethod::kGet, HttpMethod::kPost}) {
    router.add(method, "/jars/:jarid/plan",
               [context](const HttpRequest& request, const Respond& respond) {
                 planOf(context, request, respond);
               });
  }
  router.add(HttpMethod::kPost, "/jars/:jarid/run",
             [context](const HttpRequest& request, const Respond& respond) {
               withRun(*context, request, respond, [&](JarRunRequest run) {
                 context->services.jarRunner->run(std::move(run), [respond](Result<JobId> job) {
                   if (!job) return respond(errorResponse(job.status()));
                   respond({200, "application/json; charset=UTF-8", jarRunJson(*job)});
                 });
               });
             });
}

}  // namespace flink::rest
