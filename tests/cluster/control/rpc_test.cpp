#include "cluster/control/rpc.h"

#include <fcntl.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "core/base/error_codes.h"
#include "core/base/rng.h"
#include "node.h"

namespace flink::control {
namespace {

using namespace protocol;
using test::Eventually;
using test::kPatience;
using test::Node;
using testing::HasSubstr;

/// Two nodes over a local channel. The server answers HasBlob with true and keeps ListJobs
/// unanswered.
class RpcTest : public testing::Test {
 protected:
  explicit RpcTest(RpcEndpoint::Options clientOptions = {.sender = "client"}) {
    auto pair = makeLocalChannelPair();
    server_ =
        std::make_unique<Node>(std::move(pair->first), RpcEndpoint::Options{.sender = "server"});
    client_ = std::make_unique<Node>(adoptLocalChannel(std::move(pair->second)),
                                     std::move(clientOptions));
    server_->rpc().serve<HasBlobRequest>(
        [this](const auto&, const HasBlobRequest&, const auto& respond) {
          ++handled_;
          respond(HasBlobRequest::Response{true});
        });
    server_->rpc().serve<ListJobsRequest>(
        [this](const auto&, const auto&, auto respond) { kept_.set(std::move(respond)); });
    server_->rpc().serve<GetOverviewRequest>([](const auto&, const auto&, const auto&) {});
    server_->rpc().serve<CancelJobRequest>(
        [](const auto&, const CancelJobRequest& request, const auto& respond) {
          respond(Status(ErrorCode::kJobNotFound, "job=" + request.job.toHex())
                      .causedBy(Status(ErrorCode::kUnavailable, "store closed")));
        });
    server_->rpc().start();
    client_->rpc().start();
  }
  template <class Request>
  Result<typename Request::Response> call(Request request, Duration deadline = kPatience) {
    return client_->call(LocalChannel::kPeer, std::move(request), deadline).get();
  }

  std::atomic<int> handled_{0};
  Eventually<RpcEndpoint::Responder<ListJobsRequest>> kept_;
  std::unique_ptr<Node> server_, client_;
};

TEST_F(RpcTest, CallIsAnswered) {
  const auto answer = call(HasBlobRequest{});
  ASSERT_TRUE(answer) << answer.status().toString();
  EXPECT_TRUE(answer->present);
}

TEST_F(RpcTest, ErrorArrivesWithItsCodeAndCauses) {
  const auto answer = call(CancelJobRequest{});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.status().code(), ErrorCode::kJobNotFound);
  EXPECT_THAT(answer.status().message(), HasSubstr("caused by: FLINK-GEN-006: store closed"));
}

TEST_F(RpcTest, CallThatNobodyServesIsNamed) {
  EXPECT_EQ(call(GetJobRequest{}).status().code(), ErrorCode::kUnknownMethod);
}

TEST_F(RpcTest, HandlerThatForgetsToAnswerIsAnsweredFor) {
  EXPECT_EQ(call(GetOverviewRequest{}).status().code(), ErrorCode::kUnavailable);
}

TEST_F(RpcTest, UnansweredCallEndsAtItsDeadline) {
  const auto answer = call(ListJobsRequest{}, std::chrono::milliseconds(20));
  EXPECT_EQ(answer.status().code(), ErrorCode::kDeadlineExceeded);
  kept_.get()(ListJobsRequest::Response{});  // a late answer is ignored
  EXPECT_TRUE(call(HasBlobRequest{}));
}

TEST_F(RpcTest, AnswerMayComeFromAnyThreadOnce) {
  auto answer = client_->call(LocalChannel::kPeer, ListJobsRequest{});
  std::thread([respond = kept_.get()] {
    respond(ListJobsRequest::Response{{JobOverview{}}});
    respond(Status(ErrorCode::kInternal, "second answer"));
  }).join();
  const auto got = answer.get();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->jobs.size(), 1U);
}

TEST_F(RpcTest, StaleEpochIsRefusedAndTheCurrentOneServed) {
  server_->onLoop([&] { server_->rpc().setEpoch(static_cast<Epoch>(2)); });
  EXPECT_TRUE(call(HasBlobRequest{})) << "clients are not fenced";
  client_->onLoop([&] { client_->rpc().setEpoch(static_cast<Epoch>(1)); });
  const auto stale = call(HasBlobRequest{});
  EXPECT_EQ(stale.status().code(), ErrorCode::kStaleEpoch);
  EXPECT_THAT(stale.status().message(), HasSubstr("epoch=1 current=2"));
  client_->onLoop([&] { client_->rpc().setEpoch(static_cast<Epoch>(2)); });
  EXPECT_TRUE(call(HasBlobRequest{}));
  EXPECT_EQ(handled_, 2);
}

TEST_F(RpcTest, PendingCallsFailWhenThePeerEnds) {
  Eventually<Status> lost;
  client_->onLoop([&] {
    client_->rpc().onPeerLost([&](const auto&, Status status) { lost.set(std::move(status)); });
  });
  auto pending = client_->call(LocalChannel::kPeer, ListJobsRequest{});
  const auto kept = kept_.get();
  server_.reset();
  EXPECT_EQ(pending.get().status().code(), ErrorCode::kUnavailable);
  ASSERT_TRUE(lost.arrived());
}

TEST_F(RpcTest, StopFailsPendingCalls) {
  auto pending = client_->call(LocalChannel::kPeer, ListJobsRequest{});
  const auto kept = kept_.get();
  client_->rpc().stop();
  EXPECT_EQ(pending.get().status().code(), ErrorCode::kCancelled);
  EXPECT_EQ(call(HasBlobRequest{}).status().code(), ErrorCode::kCancelled);
}

TEST_F(RpcTest, DescriptorTravelsWithItsRequest) {
  Eventually<int> received;
  auto pair = makeLocalChannelPair();
  Node server(std::move(pair->first));
  Node client(adoptLocalChannel(std::move(pair->second)));
  server.rpc().serve<AdoptConnectionRequest>([&](const auto&, const auto&, const auto& respond) {
    received.set(server.rpc().takeDescriptor().release());
    respond(Empty{});
  });
  server.rpc().start();
  client.rpc().start();
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const OwnedFd readEnd(ends[0]);
  Eventually<bool> done;
  client.loop().post([&] {
    client.rpc().callWithDescriptor(
        AdoptConnectionRequest{"peer"}, OwnedFd(ends[1]), kPatience,
        std::function<void(Result<Empty>)>([&](const Result<Empty>& r) { done.set(r.isOk()); }));
  });
  ASSERT_TRUE(received.arrived());
  const OwnedFd writeEnd(received.get());
  ASSERT_TRUE(writeEnd.valid());
  EXPECT_EQ(write(writeEnd.get(), "x", 1), 1);
  ASSERT_TRUE(done.arrived());
  EXPECT_TRUE(done.get());
}

/// A transport that repeats and scrambles what passes.
class HandTransport : public MessageTransport {
 public:
  void setHandlers(Handlers handlers) override { handlers_ = std::move(handlers); }
  Result<int> bind(const std::string&) override { return 1; }
  Result<PeerId> connect(const std::string&) override { return PeerId("peer"); }
  void disconnect(const PeerId&) override {}
  Status send(const PeerId&, Bytes frame) override {
    onSend(std::move(frame));
    return Status::ok();
  }
  void stop() override {}
  void deliver(Bytes frame) { handlers_.onFrame("peer", std::move(frame)); }

  std::function<void(Bytes)> onSend = [](const Bytes&) {};

 private:
  Handlers handlers_;
};

Bytes requestFrame(std::uint64_t id) {
  Envelope envelope;
  envelope.method = Method::kHasBlob;
  envelope.requestId = id;
  envelope.deadlineMs = 1000;
  envelope.body = encode(HasBlobRequest{});
  return encodeEnvelope(envelope);
}

TEST(RpcFrameTest, RepeatedRequestRunsOnceAndIsAnsweredAgain) {
  auto transport = std::make_unique<HandTransport>();
  HandTransport& hand = *transport;
  std::atomic<int> answers{0};
  hand.onSend = [&](const Bytes&) { ++answers; };
  Node node(std::move(transport));
  std::atomic<int> handled{0};
  node.rpc().serve<HasBlobRequest>([&](const auto&, const auto&, const auto& respond) {
    ++handled;
    respond(HasBlobRequest::Response{});
  });
  node.rpc().start();
  for (int i = 0; i < 3; ++i) hand.deliver(requestFrame(5));
  hand.deliver(requestFrame(6));
  node.onLoop([] {});
  EXPECT_EQ(handled, 2);
  EXPECT_EQ(answers, 4);
}

TEST(RpcFrameTest, RequestOfAnotherProtocolVersionIsAnsweredInThatVersion) {
  auto transport = std::make_unique<HandTransport>();
  HandTransport& hand = *transport;
  std::vector<Bytes> answers;
  hand.onSend = [&](Bytes frame) { answers.push_back(std::move(frame)); };
  Node node(std::move(transport));
  node.rpc().start();
  Envelope request;
  request.protocolVersion = kProtocolVersion + 1;
  request.method = Method::kListJobs;
  request.requestId = 77;
  hand.deliver(encodeEnvelope(request));
  request.kind = EnvelopeKind::kResponse;  // nobody answers an answer
  hand.deliver(encodeEnvelope(request));
  ASSERT_EQ(answers.size(), 1U);
  // Version 1 would refuse the frame; its fields are where a later version looks for them.
  EXPECT_THAT(decodeEnvelope(asBytes(answers[0])).status().message(),
              HasSubstr("version=2 ours=1"));
  EXPECT_THAT(answers[0], HasSubstr("FLINK-RPC-001"));
  EXPECT_THAT(answers[0],
              HasSubstr("the request is of another protocol version: version=2 ours=1"));
}

TEST(RpcFrameTest, MutatedFramesDoNoHarm) {
  auto transport = std::make_unique<HandTransport>();
  HandTransport& hand = *transport;
  Node node(std::move(transport));
  node.rpc().serve<HasBlobRequest>(
      [](const auto&, const auto&, const auto& respond) { respond(HasBlobRequest::Response{}); });
  node.rpc().start();
  const auto rng = makeSeededRng(7);
  for (int i = 0; i < 3000; ++i) {
    Bytes frame = requestFrame(static_cast<std::uint64_t>(i) + 100);
    frame[rng->below(frame.size())] = static_cast<char>(rng->next());
    if (rng->below(4) == 0) frame.resize(rng->below(frame.size()));
    hand.deliver(std::move(frame));
  }
  Eventually<bool> served;
  node.onLoop([] {});
  hand.onSend = [&](const Bytes&) { served.set(true); };
  hand.deliver(requestFrame(1));
  EXPECT_TRUE(served.arrived());
  node.onLoop([] {});
}

TEST(RpcFrameTest, RequestsOverTheBoundAreRefused) {
  auto transport = std::make_unique<HandTransport>();
  HandTransport& hand = *transport;
  std::atomic<int> refused{0};
  hand.onSend = [&](const Bytes& frame) {
    if (decodeEnvelope(asBytes(frame))->errorId == errorInfo(ErrorCode::kLimitExceeded).id)
      ++refused;
  };
  Node node(std::move(transport), {.sender = "small", .maxPendingRequests = 3});
  std::vector<RpcEndpoint::Responder<HasBlobRequest>> kept;
  node.rpc().serve<HasBlobRequest>(
      [&](const auto&, const auto&, auto respond) { kept.push_back(std::move(respond)); });
  node.rpc().start();
  for (std::uint64_t id = 1; id <= 5; ++id) hand.deliver(requestFrame(id));
  node.onLoop([] {});
  EXPECT_EQ(refused, 2);
  node.onLoop([&] { kept.clear(); });  // unanswered ones are answered for, and make room
  hand.deliver(requestFrame(6));
  EXPECT_EQ(node.onLoop([&] { return kept.size(); }), 1U);
  node.onLoop([&] { kept.clear(); });
}

TEST(RpcFrameTest, SilentPeerIsPingedAndThenLost) {
  auto transport = std::make_unique<HandTransport>();
  HandTransport& hand = *transport;
  std::atomic<int> pings{0};
  hand.onSend = [&](const Bytes& frame) {
    if (decodeEnvelope(asBytes(frame))->kind == EnvelopeKind::kPing) ++pings;
  };
  Eventually<Status> lost;
  Node node(std::move(transport), {.sender = "watcher",
                                   .heartbeatInterval = std::chrono::milliseconds(10),
                                   .heartbeatTimeout = std::chrono::milliseconds(100)});
  node.rpc().onPeerLost([&](const auto&, Status status) { lost.set(std::move(status)); });
  node.rpc().start();
  auto pending = node.call("peer", HasBlobRequest{});
  ASSERT_TRUE(lost.arrived());
  EXPECT_GE(pings, 2);
  EXPECT_THAT(lost.get().message(), HasSubstr("peer silent"));
  EXPECT_EQ(pending.get().status().code(), ErrorCode::kUnavailable);
}

TEST(RpcFrameTest, PingIsAnsweredWhileTheLoopIsBusy) {
  auto transport = std::make_unique<HandTransport>();
  HandTransport& hand = *transport;
  Node node(std::move(transport));
  node.rpc().start();
  Eventually<bool> pong;
  hand.onSend = [&](const Bytes& frame) {
    if (decodeEnvelope(asBytes(frame))->kind == EnvelopeKind::kPong) pong.set(true);
  };
  std::promise<void> release;
  node.loop().post([&] { release.get_future().wait(); });
  Envelope ping;
  ping.kind = EnvelopeKind::kPing;
  hand.deliver(encodeEnvelope(ping));
  EXPECT_TRUE(pong.arrived());
  release.set_value();
}

}  // namespace
}  // namespace flink::control
