#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "cluster/rest/checkpoint_views.h"
#include "cluster/rest/handlers.h"

/// Savepoints that clients have removed. The removal goes on while they ask how it stands.
namespace flink::rest {
namespace {

constexpr char kJsonType[] = "application/json; charset=UTF-8";
/// Disposals that are remembered; the oldest goes first.
constexpr std::size_t kMaxRemembered = 1000;

/// How the disposals stand. Thread: any.
class Disposals {
 public:
  void set(const SnapshotTriggerId& id, Operation operation) {
    const std::lock_guard lock(mutex_);
    if (!operations_.insert_or_assign(id, std::move(operation)).second) return;
    order_.push_back(id);
    if (order_.size() <= kMaxRemembered) return;
    operations_.erase(order_.front());
    order_.pop_front();
  }
  [[nodiscard]] std::optional<Operation> find(const SnapshotTriggerId& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = operations_.find(id);
    return found == operations_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  mutable std::mutex mutex_;
  std::map<SnapshotTriggerId, Operation> operations_;
  std::deque<SnapshotTriggerId> order_;
};

void dispose(HandlerContext& context, const std::shared_ptr<Disposals>& disposals,
             const HttpRequest& request, const Respond& respond) {
  const auto path = parseSavepointDisposal(request.body);
  if (!path) return respond(errorResponse(400, path.status().message()));
  const auto id = SnapshotTriggerId::random(*context.services.rng);
  disposals->set(id, OperationPending{});
  context.services.gateway->handle(
      protocol::DisposeSavepointRequest{*path},
      [disposals, id](const Result<protocol::DisposeSavepointRequest::Response>& answer) {
        if (answer) return disposals->set(id, OperationDone{});
        disposals->set(id, OperationFailure{"org.apache.flink.util.FlinkException",
                                            "org.apache.flink.util.FlinkException: " +
                                                answer.status().toString()});
      });
  respond({200, kJsonType, triggerJson(id.toHex())});
}

}  // namespace

void addDisposalRoutes(Router& router, const std::shared_ptr<HandlerContext>& context) {
  const auto disposals = std::make_shared<Disposals>();
  router.add(HttpMethod::kPost, "/savepoint-disposal",
             [context, disposals](const HttpRequest& request, const Respond& respond) {
               dispose(*context, disposals, request, respond);
             });
  router.add(HttpMethod::kGet, "/savepoint-disposal/:triggerid",
             [disposals](const HttpRequest& request, const Respond& respond) {
               const std::string& text = request.pathParameters.at("triggerid");
               const auto id = SnapshotTriggerId::parse(text);
               if (!id) return respond(badPathParameter("triggerid", text));
               const auto operation = disposals->find(*id);
               if (!operation) return respond(noSuchOperation(text));
               respond({200, kJsonType, operationJson(*operation)});
             });
}

}  // namespace flink::rest
