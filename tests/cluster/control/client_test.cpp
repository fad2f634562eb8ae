#include "cluster/control/client.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "cluster/control/event_stream.h"
#include "core/base/error_codes.h"
#include "node.h"

namespace flink::control {
namespace {

using namespace protocol;
using test::kPatience;
using test::Node;
using testing::ElementsAre;
using testing::HasSubstr;

ClusterEvent eventOf(std::string kind) {
  ClusterEvent event;
  event.kind = std::move(kind);
  return event;
}

class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    server_.rpc().serve<GetVersionRequest>([this](const auto&, const auto&, const auto& respond) {
      GetVersionRequest::Response version;
      version.version = "1.2.3";
      version.eventPort = publisher_->port();
      respond(std::move(version));
    });
    server_.rpc().serve<CancelJobRequest>(
        [](const auto&, const CancelJobRequest& request, const auto& respond) {
          respond(Status(ErrorCode::kJobNotFound, "job=" + request.job.toHex()));
        });
    server_.rpc().serve<ListJobsRequest>(
        [this](const auto&, const auto&, auto respond) { kept_.push_back(std::move(respond)); });
    server_.rpc().start();
    client_ = std::move(ClusterClient::connect(
                            fmt::format("localhost:{}", *server_.transport().bind("localhost:0")))
                            .value());
  }

  std::unique_ptr<EventPublisher> publisher_ =
      std::move(EventPublisher::bind("localhost:0").value());
  std::vector<RpcEndpoint::Responder<ListJobsRequest>> kept_;
  Node server_{makeZmqTransport("jobmanager")};
  std::unique_ptr<ClusterClient> client_;
};

TEST_F(ClientTest, CallsAreAnswered) {
  const auto version = client_->call(GetVersionRequest{});
  ASSERT_TRUE(version) << version.status().toString();
  EXPECT_EQ(version->version, "1.2.3");
  EXPECT_EQ(client_->call(CancelJobRequest{}).status().code(), ErrorCode::kJobNotFound);
  EXPECT_TRUE(client_->call(GetVersionRequest{}));
}

TEST_F(ClientTest, CallNeverOutlivesItsDeadline) {
  const auto answer = client_->call(ListJobsRequest{}, std::chrono::milliseconds(30));
  EXPECT_EQ(answer.status().code(), ErrorCode::kDeadlineExceeded);
  EXPECT_TRUE(client_->call(GetVersionRequest{}));
  server_.onLoop([&] { kept_.clear(); });
}

TEST_F(ClientTest, NobodyListeningIsReportedAtOnce) {
  const auto client = ClusterClient::connect("localhost:1");
  ASSERT_TRUE(client);
  for (int i = 0; i < 2; ++i) {
    const auto answer = (*client)->call(GetVersionRequest{}, kPatience);
    EXPECT_EQ(answer.status().code(), ErrorCode::kClusterUnreachable);
    EXPECT_THAT(answer.status().message(), HasSubstr("localhost:1"));
  }
  EXPECT_EQ(ClusterClient::connect("nonsense").status().code(), ErrorCode::kInvalidArgument);
}

TEST_F(ClientTest, EventsArriveNumberedFromTheOpeningOn) {
  publisher_->publish(eventOf("early"));
  std::vector<std::string> kinds;
  std::vector<std::uint64_t> numbers;
  const Status followed = client_->followEvents(
      [&](const ClusterEvent& event) {
        if (event.kind == kStreamOpened) {
          for (int i = 0; i < 3; ++i)
            publisher_->publish({.kind = "job.status", .attributes = {{"i", std::to_string(i)}}});
        } else {
          kinds.push_back(event.kind + event.attributes.at("i"));
        }
        numbers.push_back(event.sequence);
        return numbers.size() < 4;
      },
      kPatience);
  ASSERT_TRUE(followed) << followed.toString();
  EXPECT_THAT(kinds, ElementsAre("job.status0", "job.status1", "job.status2"));
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3, 4));
}

TEST_F(ClientTest, FollowingEndsAtItsTimeout) {
  EXPECT_TRUE(client_->followEvents([](const ClusterEvent&) { return true; },
                                    std::chrono::milliseconds(30)));
}

TEST(EventPublisherTest, PortInUseAndOtherHostsAreRefused) {
  const auto first = EventPublisher::bind("localhost:0");
  ASSERT_TRUE(first);
  const auto second = EventPublisher::bind(fmt::format("localhost:{}", (*first)->port()));
  EXPECT_EQ(second.status().code(), ErrorCode::kPortInUse);
  EXPECT_EQ(EventPublisher::bind("0.0.0.0:0").status().code(), ErrorCode::kBindRefused);
}

TEST(EventPublisherTest, PublishingWithoutFollowersNeverWaits) {
  const auto publisher = EventPublisher::bind("localhost:0");
  for (int i = 0; i < 50'000; ++i) (*publisher)->publish(eventOf("job.status"));
}

}  // namespace
}  // namespace flink::control
