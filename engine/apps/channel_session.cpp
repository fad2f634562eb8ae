#include "apps/channel_session.h"

#include <future>

#include "cluster/control/local_channel.h"

namespace flink::apps {

namespace {

/// The spawner has deadlines of its own (client.timeout); this one only bounds a spawner that went
/// silent.
constexpr Duration kDeadline = std::chrono::minutes(10);

}  // namespace

template <class Request>
Result<typename Request::Response> ChannelSession::call(const Request& request, Duration deadline) {
  std::promise<Result<typename Request::Response>> answer;
  loop_.post([&] {
    rpc_.call<Request>(
        control::LocalChannel::kPeer, request, deadline,
        [&](Result<typename Request::Response> result) { answer.set_value(std::move(result)); });
  });
  return answer.get_future().get();
}

Status ChannelSession::submit(const protocol::JobGraph& graph) {
  return call(protocol::SubmitJobRequest{graph}, kDeadline).status();
}

Result<protocol::WaitJobRequest::Response> ChannelSession::wait(const JobId& job,
                                                                std::int64_t waitMs) {
  return call(protocol::WaitJobRequest{job, waitMs}, kDeadline + std::chrono::milliseconds(waitMs));
}

Status ChannelSession::cancel(const JobId& job) {
  return call(protocol::CancelJobRequest{job}, kDeadline).status();
}

Result<protocol::CollectResultsRequest::Response> ChannelSession::collect(
    const protocol::CollectResultsRequest& request) {
  return call(request, kDeadline + std::chrono::milliseconds(request.waitMs));
}

Status ChannelSession::finish(const protocol::ProgramFinishedRequest& request) {
  return call(request, kDeadline).status();
}

}  // namespace flink::apps
