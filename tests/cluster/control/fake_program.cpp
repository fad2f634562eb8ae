// Stands in for flink-program: talks over descriptor 3 and does what its first argument says.
#include <unistd.h>

#include <cstdlib>
#include <future>

#include "cluster/control/local_channel.h"
#include "node.h"

namespace flink::control {
namespace {

using namespace protocol;
using test::Node;

constexpr auto kDeadline = std::chrono::seconds(7);

/// Calls that do not wait for each other, as a program's threads make them.
ProgramFinishedRequest actAtOnce(Node& node, const std::string& behaviour) {
  ProgramFinishedRequest finished;
  Status failure;
  const auto keep = [&](const Status& status) {
    if (failure.isOk()) failure = status;
  };
  SubmitJobRequest submit;
  submit.graph.id = *JobId::parse(std::string(32, 'a'));
  keep(node.call(LocalChannel::kPeer, submit, kDeadline).get().status());
  auto firstEnd = node.call(LocalChannel::kPeer, WaitJobRequest{submit.graph.id}, kDeadline);
  if (behaviour == "two-jobs") {
    submit.graph.id = *JobId::parse(std::string(32, 'b'));
    keep(node.call(LocalChannel::kPeer, submit, kDeadline).get().status());
    keep(node.call(LocalChannel::kPeer, WaitJobRequest{submit.graph.id}, kDeadline).get().status());
  } else {
    keep(node.call(LocalChannel::kPeer, CancelJobRequest{submit.graph.id}, kDeadline)
             .get()
             .status());
  }
  keep(firstEnd.get().status());
  if (!failure.isOk()) {
    finished.errorId = failure.id();
    finished.errorMessage = failure.message();
  }
  finished.numJobs = behaviour == "two-jobs" ? 2 : 1;
  return finished;
}

ProgramFinishedRequest act(Node& node, const ProgramStartRequest& start) {
  const std::string& behaviour = start.arguments.at(0);
  ProgramFinishedRequest finished;
  const auto fail = [&](const Status& status) {
    finished.errorId = status.id();
    finished.errorMessage = status.message();
    return finished;
  };
  if (behaviour == "crash") std::abort();
  if (behaviour == "hang") std::promise<void>().get_future().wait();
  if (behaviour == "register") {
    return fail(
        node.call(LocalChannel::kPeer, RegisterTaskManagerRequest{}, kDeadline).get().status());
  }
  if (behaviour == "cancel-while-waiting" || behaviour == "two-jobs")
    return actAtOnce(node, behaviour);
  SubmitJobRequest submit;
  submit.graph.name = "job of fake_program";
  submit.graph.configuration = start.configuration;
  const auto submitted = node.call(LocalChannel::kPeer, submit, kDeadline).get();
  if (!submitted) return fail(submitted.status());
  finished.numJobs = 1;
  const auto waited = node.call(LocalChannel::kPeer, WaitJobRequest{}, kDeadline).get();
  if (!waited) return fail(waited.status());
  return finished;
}

int run() {
  Node node(adoptLocalChannel(OwnedFd(3)));
  std::promise<ProgramStartRequest> started;
  node.rpc().serve<ProgramStartRequest>([&](const auto&, auto request, const auto& respond) {
    respond(Empty{});
    started.set_value(std::move(request));
  });
  node.rpc().onPeerLost([](const auto&, const Status&) { _exit(1); });
  node.rpc().start();
  const ProgramStartRequest start = started.get_future().get();
  const auto told = node.call(LocalChannel::kPeer, act(node, start), kDeadline).get();
  _exit(told ? 0 : 1);
}

}  // namespace
}  // namespace flink::control

int main() {
  return flink::control::run();
}
