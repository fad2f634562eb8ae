#include "cluster/control/ordered_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error_codes.h"
#include "core/base/rng.h"
#include "tests/support/manual_event_loop.h"

namespace flink::control {
namespace {

using namespace protocol;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ManualClock;
using testing::ManualEventLoop;

/// What the way does to a frame: when its copies arrive, from now on. None: it is lost.
using Way = std::function<std::vector<Duration>()>;

/// One end of a connection whose frames go the way that the test says.
class BadTransport final : public MessageTransport {
 public:
  BadTransport(ManualEventLoop& loop, Way& way) : loop_(loop), way_(way) {}
  void setHandlers(Handlers handlers) override { handlers_ = std::move(handlers); }
  Result<int> bind(const std::string&) override { return 1; }
  Result<PeerId> connect(const std::string&) override { return PeerId("peer"); }
  void disconnect(const PeerId&) override {}
  void stop() override {}
  Status send(const PeerId&, Bytes frame) override {
    if (full) return {ErrorCode::kUnavailable, "the peer's queue is full"};
    for (const Duration after : way_()) {
      loop_.schedule(after, [this, frame] { other->handlers_.onFrame("peer", frame); });
    }
    return Status::ok();
  }

  BadTransport* other = nullptr;
  bool full = false;

 private:
  ManualEventLoop& loop_;
  Way& way_;
  Handlers handlers_;
};

class OrderedCallsTest : public ::testing::Test {
 protected:
  OrderedCallsTest() {
    clientTransport_.other = &serverTransport_;
    serverTransport_.other = &clientTransport_;
    server_.serve<OperatorEventRequest>([this](const auto&, auto request, auto respond) {
      ran_.push_back(request.event.payload);
      if (keep_) return kept_.push_back(std::move(respond));
      respond(Empty{});
    });
    server_.start();
    client_.start();
    begin();
  }
  void begin() {
    calls_.emplace(client_, loop_, "peer", [this](const Status& reason) { broken_ = reason; });
  }
  void call(const std::string& payload) {
    OperatorEventRequest request;
    request.event.payload = payload;
    calls_->call<OperatorEventRequest>(request, [this, payload](const auto& answer) {
      (answer.isOk() ? answered_ : failed_).push_back(payload);
    });
  }
  static RpcEndpoint::Options options(const std::string& name, std::size_t limit = 10'000) {
    RpcEndpoint::Options options;
    options.sender = name;
    options.heartbeatInterval = Duration::zero();
    options.maxPendingRequests = limit;
    return options;
  }

  ManualClock clock_;
  ManualEventLoop loop_{clock_};
  Way way_ = [] { return std::vector<Duration>{Duration::zero()}; };
  BadTransport clientTransport_{loop_, way_}, serverTransport_{loop_, way_};
  RpcEndpoint server_{options("server", 50), loop_, clock_, serverTransport_};
  RpcEndpoint client_{options("client"), loop_, clock_, clientTransport_};
  std::vector<std::string> ran_, answered_, failed_;
  std::optional<Status> broken_;
  bool keep_ = false;
  std::vector<RpcEndpoint::Responder<OperatorEventRequest>> kept_;
  std::optional<OrderedCalls> calls_;
};

TEST_F(OrderedCallsTest, EveryRequestRunsOnceAndInOrderWhateverTheWayDoes) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const auto rng = makeSeededRng(seed);
    ran_.clear();
    answered_.clear();
    begin();
    way_ = [&] {
      std::vector<Duration> copies;
      for (auto n = rng->below(4); n > 0; --n)
        copies.emplace_back(std::chrono::milliseconds(rng->below(50'000)));
      return copies;
    };
    std::vector<std::string> sent;
    for (int i = 0; i < 600; ++i) {
      sent.push_back(std::to_string(i));
      call(sent.back());
      if (i % 50 == 0) loop_.advance(std::chrono::seconds(3));
    }
    for (int i = 0; i < 1000 && answered_.size() < sent.size(); ++i)
      loop_.advance(std::chrono::seconds(10));
    ASSERT_EQ(ran_, sent) << "seed " << seed;
    EXPECT_THAT(answered_, ::testing::UnorderedElementsAreArray(sent)) << "seed " << seed;
    EXPECT_FALSE(broken_) << broken_->toString();
  }
}

TEST_F(OrderedCallsTest, ARequestWithoutAnAnswerYetIsNotRunAgain) {
  keep_ = true;
  call("a");
  loop_.advance(std::chrono::seconds(45));  // several repetitions
  EXPECT_THAT(ran_, ElementsAre("a"));
  keep_ = false;
  call("b");
  loop_.advance(std::chrono::seconds(1));
  EXPECT_THAT(ran_, ElementsAre("a", "b"));
  EXPECT_THAT(answered_, ElementsAre("b"));
  kept_.at(0)(Empty{});
  loop_.advance(std::chrono::seconds(1));
  EXPECT_THAT(answered_, ElementsAre("b", "a"));
}

TEST_F(OrderedCallsTest, WhatCannotLeaveWaits) {
  clientTransport_.full = true;
  call("a");
  call("b");
  loop_.advance(std::chrono::seconds(5));
  EXPECT_THAT(ran_, IsEmpty());
  clientTransport_.full = false;
  loop_.advance(std::chrono::seconds(1));
  EXPECT_THAT(ran_, ElementsAre("a", "b"));
  EXPECT_THAT(answered_, ElementsAre("a", "b"));
}

TEST_F(OrderedCallsTest, MoreThanThePeerTakesAtOnceComesLater) {
  keep_ = true;  // the server takes 50 requests at a time
  std::vector<std::string> sent;
  for (int i = 0; i < 200; ++i) {
    sent.push_back(std::to_string(i));
    call(sent.back());
  }
  for (int i = 0; i < 50 && answered_.size() < sent.size(); ++i) {
    loop_.advance(std::chrono::seconds(5));
    for (auto& respond : std::exchange(kept_, {})) respond(Empty{});
  }
  EXPECT_EQ(ran_, sent);
  EXPECT_THAT(answered_, ::testing::UnorderedElementsAreArray(sent));
}

TEST_F(OrderedCallsTest, AnswersThatAreErrorsAreFinal) {
  keep_ = true;
  call("a");
  loop_.advance(std::chrono::seconds(1));
  kept_.at(0)(Status(ErrorCode::kUnavailable, "not here"));
  loop_.advance(std::chrono::seconds(30));
  EXPECT_THAT(ran_, ElementsAre("a"));
  EXPECT_THAT(failed_, ElementsAre("a"));
  EXPECT_FALSE(broken_);
}

TEST_F(OrderedCallsTest, APeerThatStartedAnewBreaksTheStream) {
  call("a");
  loop_.advance(std::chrono::seconds(1));
  RpcEndpoint successor(options("server"), loop_, clock_, serverTransport_);
  successor.serve<OperatorEventRequest>([this](const auto&, auto request, auto respond) {
    ran_.push_back("successor: " + request.event.payload);
    respond(Empty{});
  });
  successor.start();
  call("b");
  call("c");
  loop_.advance(std::chrono::seconds(1));
  EXPECT_THAT(ran_, ElementsAre("a"));
  EXPECT_THAT(failed_, ElementsAre("b", "c"));
  ASSERT_TRUE(broken_);
  EXPECT_EQ(broken_->code(), ErrorCode::kStaleEpoch);
  begin();
  call("d");
  loop_.advance(std::chrono::seconds(1));
  EXPECT_THAT(ran_, ElementsAre("a", "successor: d"));
}

TEST_F(OrderedCallsTest, ClosedStreamFailsWhatIsAndWhatComes) {
  clientTransport_.full = true;
  call("a");
  calls_->close({ErrorCode::kUnavailable, "over"});
  call("b");
  loop_.advance(std::chrono::seconds(1));
  EXPECT_THAT(failed_, ElementsAre("a", "b"));
  clientTransport_.full = false;
  loop_.advance(std::chrono::minutes(1));
  EXPECT_THAT(ran_, IsEmpty());
}

}  // namespace
}  // namespace flink::control
