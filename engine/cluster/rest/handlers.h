#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/rest/byte_budget.h"
#include "cluster/rest/jar_store.h"
#include "cluster/rest/rest_server.h"
#include "cluster/rest/router.h"
#include "core/base/mutex.h"

namespace flink::rest {

/// What every handler works with. Shared by the routes; outlives them.
struct HandlerContext {
  /// Two of the longest logs that are sent.
  static constexpr std::uint64_t kMaxDownloadBytes = 128U << 20;

  HandlerContext(RestSettings restSettings, const RestServices& restServices)
      : settings(std::move(restSettings)),
        services(restServices),
        jars(*restServices.files, *restServices.clock, *restServices.rng,
             settings.uploadDirectory) {}

  RestSettings settings;
  RestServices services;
  JarStore jars;
  Mutex jarEntriesMutex;
  /// Programs of the libraries that were listed, by their ids: an id's file never changes.
  std::map<std::string, std::vector<std::string>> jarEntries FLINK_GUARDED_BY(jarEntriesMutex);
  /// What the logs that are being downloaded take.
  ByteBudget downloads{kMaxDownloadBytes};
  int port = 0;  ///< known once the server listens
};

void addClusterRoutes(Router& router, const std::shared_ptr<HandlerContext>& context);
void addJobRoutes(Router& router, const std::shared_ptr<HandlerContext>& context);
void addCheckpointRoutes(Router& router, const std::shared_ptr<HandlerContext>& context);
void addDisposalRoutes(Router& router, const std::shared_ptr<HandlerContext>& context);
void addVertexRoutes(Router& router, const std::shared_ptr<HandlerContext>& context);
void addLogRoutes(Router& router, const std::shared_ptr<HandlerContext>& context);
void addJarRoutes(Router& router, const std::shared_ptr<HandlerContext>& context);

/// Wraps `view` (Response → JSON text) into a gateway responder: errors become error bodies.
template <class Request, class View>
jobmanager::Responder<Request> answerWith(Respond respond, View view, int status = 200) {
  return [respond = std::move(respond), view = std::move(view),
          status](Result<typename Request::Response> answer) {
    if (!answer) return respond(errorResponse(answer.status()));
    respond({status, "application/json; charset=UTF-8", view(*answer)});
  };
}

/// Parses the `:jobid` of a path; on failure answers 400 and returns nothing.
std::optional<JobId> jobIdOf(const HttpRequest& request, const Respond& respond);
/// What Flink says of a job that is not there; other failures as they are.
HttpResponse jobError(const JobId& id, const Status& status);
/// What Flink says of a TaskManager that is not there; other failures as they are.
HttpResponse taskManagerError(const TaskManagerId& id, const Status& status);
/// Fetches the job of the path and hands its details to `use`; unknown jobs are answered as Flink
/// does.
void withJob(HandlerContext& context, const HttpRequest& request, Respond respond,
             std::function<void(const protocol::JobDetails&, Respond)> use);

}  // namespace flink::rest
