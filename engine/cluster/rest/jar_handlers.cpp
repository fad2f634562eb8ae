#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "cluster/rest/handlers.h"
#include "cluster/rest/json_parts.h"
#include "core/base/error_codes.h"
#include "core/config/options/checkpointing_options.h"
#include "core/config/value_text.h"

namespace flink::rest {

namespace {

HttpResponse json(const Json& body) {
  return {200, "application/json; charset=UTF-8", dump(body)};
}

/// A query parameter that is true or false. Errors: kInvalidArgument.
Status readFlag(const HttpRequest& request, const char* name, bool& value) {
  const auto text = request.queryValue(name);
  if (!text) return Status::ok();
  const auto flag = config::ValueText<bool>::parse(*text);
  if (!flag) {
    return {ErrorCode::kInvalidArgument,
            fmt::format("{} is neither true nor false: {}={}", name, name, *text)};
  }
  value = *flag;
  return Status::ok();
}

/// The snapshot that the job starts from goes into its configuration, as `flinkctl run -s` does.
Status parseRecovery(const HttpRequest& request, const Json& body, JarRunRequest& run) {
  std::string savepoint = request.queryValue("savepointPath").value_or("");
  bool allowNonRestored = false;
  std::string jobId;
  FLINK_RETURN_IF_ERROR(readFlag(request, "allowNonRestoredState", allowNonRestored));
  FLINK_RETURN_IF_ERROR(readField(body, "savepointPath", savepoint));
  FLINK_RETURN_IF_ERROR(readField(body, "allowNonRestoredState", allowNonRestored));
  FLINK_RETURN_IF_ERROR(readField(body, "jobId", jobId));
  if (!jobId.empty())
    return malformedBody("field jobId is not supported: a job's id is made when it is submitted");
  for (const char* name : {"claimMode", "restoreMode"}) {
    std::string mode = "NO_CLAIM";
    FLINK_RETURN_IF_ERROR(readField(body, name, mode));
    if (mode != "NO_CLAIM") {
      return malformedBody(fmt::format(
          "field {} must be NO_CLAIM: snapshots that a job starts from stay their owner's: {}={}",
          name, name, mode));
    }
  }
  if (!savepoint.empty())
    run.configuration[std::string(config::kExecutionStateRecoveryPath.key)] = savepoint;
  if (allowNonRestored)
    run.configuration[std::string(config::kExecutionStateRecoveryIgnoreUnclaimedState.key)] =
        "true";
  return Status::ok();
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
  FLINK_RETURN_IF_ERROR(parseRecovery(request, body, run));
  if (parallelism < 0) return malformedBody("field parallelism is negative");
  if (parallelism > 0) run.parallelism = parallelism;
  return run;
}

/// Finds the jar of the path, parses the request and hands both to `use`. Thread: one that may
/// block.
void withRun(HandlerContext& context, const HttpRequest& request, const Respond& respond,
             const std::function<void(JarRunRequest)>& use) {
  const std::string& id = request.pathParameters.at("jarid");
  const auto jar = context.jars.find(id);
  if (!jar) return respond(handlerError(400, "Jar file " + id + " does not exist"));
  auto run = parseRun(*jar, request);
  if (!run) return respond(errorResponse(run.status()));
  use(std::move(*run));
}

void planOf(HandlerContext& context, const HttpRequest& request, const Respond& respond) {
  withRun(context, request, respond, [&](JarRunRequest run) {
    context.services.jarRunner->plan(std::move(run), [respond](Result<protocol::JobGraph> graph) {
      if (!graph) return respond(errorResponse(graph.status()));
      respond({200, "application/json; charset=UTF-8", planOfGraphJson(*graph)});
    });
  });
}

void runJar(HandlerContext& context, const HttpRequest& request, const Respond& respond) {
  withRun(context, request, respond, [&](JarRunRequest run) {
    context.services.jarRunner->run(std::move(run), [respond](Result<JobId> job) {
      if (!job) return respond(errorResponse(job.status()));
      respond({200, "application/json; charset=UTF-8", jarRunJson(*job)});
    });
  });
}

std::vector<std::string> entriesOf(HandlerContext& context, const UploadedJar& jar) {
  {
    const MutexLock lock(context.jarEntriesMutex);
    const auto known = context.jarEntries.find(jar.id);
    if (known != context.jarEntries.end()) return known->second;
  }
  auto names = context.services.jarRunner->entries(jar.path);
  const MutexLock lock(context.jarEntriesMutex);
  return context.jarEntries[jar.id] = std::move(names);
}

void listJars(HandlerContext& context, const HttpRequest&, const Respond& respond) {
  auto jars = context.jars.list();
  if (!jars) return respond(errorResponse(jars.status()));
  Json files = Json::array();
  for (const UploadedJar& jar : *jars) {
    Json entries = Json::array();
    for (const std::string& name : entriesOf(context, jar)) {
      entries.push_back({{"name", name}, {"description", nullptr}});
    }
    files.push_back(
        {{"id", jar.id}, {"name", jar.name}, {"uploaded", jar.uploadedMs}, {"entry", entries}});
  }
  {
    const MutexLock lock(context.jarEntriesMutex);
    std::erase_if(context.jarEntries, [&](const auto& known) {
      return std::none_of(jars->begin(), jars->end(),
                          [&](const UploadedJar& jar) { return jar.id == known.first; });
    });
  }
  respond(json(
      {{"address", "http://" + context.settings.bindAddress + ":" + std::to_string(context.port)},
       {"files", files}}));
}

void uploadJar(HandlerContext& context, const HttpRequest& request, const Respond& respond) {
  const auto file = parseMultipartFile(request.contentType, request.body);
  if (!file) return respond(errorResponse(file.status()));
  auto jar = context.jars.add(file->fileName, file->content);
  if (!jar) return respond(errorResponse(jar.status()));
  respond(json({{"filename", jar->path}, {"status", "success"}}));
}

void removeJar(HandlerContext& context, const HttpRequest& request, const Respond& respond) {
  const std::string& id = request.pathParameters.at("jarid");
  const Status status = context.jars.remove(id);
  if (!status && status.code() == ErrorCode::kNotFound) {
    return respond(handlerError(
        400, "File " + id + " does not exist in " + context.settings.uploadDirectory + "."));
  }
  if (!status) return respond(errorResponse(status));
  respond(json(Json::object()));
}

using JarHandler = void (*)(HandlerContext&, const HttpRequest&, const Respond&);

/// All these handlers read and write files, which the server's thread has no time for.
Handler onFiles(const std::shared_ptr<HandlerContext>& context, JarHandler handler) {
  return [context, handler](HttpRequest request, Respond respond) {
    context->services.runBlocking(
        [context, handler, request = std::move(request), respond = std::move(respond)] {
          handler(*context, request, respond);
        });
  };
}

}  // namespace

void addJarRoutes(Router& router, const std::shared_ptr<HandlerContext>& context) {
  BodyRule upload{context->settings.maxBodyBytes};
  BodyRule run;
  if (!context->settings.dashboard.submitEnabled) {
    upload.refusal = errorResponse(403, "uploads are switched off (web.submit.enable: false)");
    run.refusal =
        errorResponse(403, "submission through REST is switched off (web.submit.enable: false)");
  }
  router.add(HttpMethod::kGet, "/jars", onFiles(context, listJars));
  router.add(HttpMethod::kPost, "/jars/upload", onFiles(context, uploadJar), upload);
  router.add(HttpMethod::kDelete, "/jars/:jarid", onFiles(context, removeJar));
  for (const HttpMethod method : {HttpMethod::kGet, HttpMethod::kPost})
    router.add(method, "/jars/:jarid/plan", onFiles(context, planOf), run);
  router.add(HttpMethod::kPost, "/jars/:jarid/run", onFiles(context, runJar), run);
}

}  // namespace flink::rest
