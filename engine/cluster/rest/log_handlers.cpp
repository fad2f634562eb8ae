#include <algorithm>

#include "cluster/rest/handlers.h"
#include "core/base/error_codes.h"

namespace flink::rest {

using protocol::ListLogsRequest;
using protocol::ReadLogRequest;

namespace {

/// Of a longer log the newest bytes are sent.
constexpr std::int64_t kMaxLogBytes = 64LL << 20;
constexpr std::int32_t kChunkBytes = 1 << 20;
constexpr const char* kJobManager = "jobmanager";

HttpResponse fileError(const std::string& process, const Status& status) {
  if (status.code() == ErrorCode::kTaskManagerUnknown) {
    return notFoundError(
        "Failed to transfer file from TaskExecutor " + process + " because it was unknown.",
        "org.apache.flink.runtime.resourcemanager.exceptions.UnknownTaskExecutorException: No "
        "TaskExecutor registered under " +
            process + ".");
  }
  if (process == kJobManager && httpStatusOf(status) == 404)
    return errorResponse(404, "This file does not exist in JobManager log dir.");
  return errorResponse(status);
}

/// Reads one log chunk by chunk, up to its size at the first answer.
class LogDownload : public std::enable_shared_from_this<LogDownload> {
 public:
  LogDownload(std::shared_ptr<HandlerContext> context, std::string process, std::string name,
              Respond respond)
      : context_(std::move(context)),
        process_(std::move(process)),
        name_(std::move(name)),
        respond_(std::move(respond)) {}

  void start() { read(-kMaxLogBytes); }

 private:
  void read(std::int64_t offset) {
    context_->services.gateway->handle(
        ReadLogRequest{process_, name_, offset, kChunkBytes},
        [self = shared_from_this()](Result<ReadLogRequest::Response> answer) {
          self->onChunk(std::move(answer));
        });
  }

  void onChunk(Result<ReadLogRequest::Response> answer) {
    if (!answer) return respond_(fileError(process_, answer.status()));
    if (end_ < 0) {
      end_ = std::min(answer->fileSize, answer->offset + kMaxLogBytes);
      const auto size =
          static_cast<std::uint64_t>(std::max<std::int64_t>(end_ - answer->offset, 0));
      claim_ = context_->downloads.claim(size);
      if (claim_ == nullptr) {
        return respond_(errorResponse(
            503,
            "too many logs are being downloaded: try again, or read this one with flinkctl logs"));
      }
      text_.reserve(size);
    }
    text_ += answer->data;
    const std::int64_t next = answer->offset + static_cast<std::int64_t>(answer->data.size());
    if (answer->data.empty() || next >= end_)
      return respond_({200, "text/plain; charset=UTF-8", std::move(text_), std::move(claim_)});
    read(next);
  }

  std::shared_ptr<HandlerContext> context_;
  std::string process_;
  std::string name_;
  Respond respond_;
  std::string text_;
  std::shared_ptr<void> claim_;  ///< what the text takes of the downloads' budget
  std::int64_t end_ = -1;
};

using ProcessOf = std::string (*)(const HttpRequest&);

/// The process's own file among its logs: the shortest name with this ending (workers append their
/// job's id).
void sendOwnFile(const std::shared_ptr<HandlerContext>& context, const std::string& process,
                 const std::string& ending, Respond respond) {
  context->services.gateway->handle(
      ListLogsRequest{process},
      [context, process, ending, respond](Result<ListLogsRequest::Response> answer) {
        if (!answer) return respond(fileError(process, answer.status()));
        const protocol::LogFile* own = nullptr;
        for (const auto& file : answer->files) {
          if (file.name.ends_with(ending) &&
              (own == nullptr || file.name.size() < own->name.size()))
            own = &file;
        }
        if (own == nullptr) {
          return respond(fileError(
              process, Status(ErrorCode::kFileNotFound, "the process has no such file: process=" +
                                                            process + " file=*" + ending)));
        }
        std::make_shared<LogDownload>(context, process, own->name, respond)->start();
      });
}

void addLogRoutesOf(Router& router, const std::shared_ptr<HandlerContext>& context,
                    const std::string& prefix, ProcessOf processOf) {
  router.add(HttpMethod::kGet, prefix + "/logs",
             [context, processOf](const HttpRequest& request, Respond respond) {
               const std::string process = processOf(request);
               context->services.gateway->handle(
                   ListLogsRequest{process}, [process, respond = std::move(respond)](
                                                 Result<ListLogsRequest::Response> answer) {
                     if (!answer)
                       return respond(taskManagerError(TaskManagerId(process), answer.status()));
                     respond({200, "application/json; charset=UTF-8", logListJson(answer->files)});
                   });
             });
  router.add(HttpMethod::kGet, prefix + "/logs/:filename",
             [context, processOf](const HttpRequest& request, Respond respond) {
               std::make_shared<LogDownload>(context, processOf(request),
                                             request.pathParameters.at("filename"),
                                             std::move(respond))
                   ->start();
             });
  router.add(HttpMethod::kGet, prefix + "/log",
             [context, processOf](const HttpRequest& request, Respond respond) {
               sendOwnFile(context, processOf(request), ".log", std::move(respond));
             });
  router.add(HttpMethod::kGet, prefix + "/stdout",
             [context, processOf](const HttpRequest& request, Respond respond) {
               sendOwnFile(context, processOf(request), ".out", std::move(respond));
             });
}

}  // namespace

void addLogRoutes(Router& router, const std::shared_ptr<HandlerContext>& context) {
  addLogRoutesOf(router, context, "/jobmanager",
                 [](const HttpRequest&) -> std::string { return kJobManager; });
  addLogRoutesOf(router, context, "/taskmanagers/:taskmanagerid", [](const HttpRequest& request) {
    return request.pathParameters.at("taskmanagerid");
  });
}

}  // namespace flink::rest
