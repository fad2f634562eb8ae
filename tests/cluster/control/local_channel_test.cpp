#include "cluster/control/local_channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <deque>

#include "cluster/protocol/codec.h"
#include "core/base/error_codes.h"
#include "core/base/mutex.h"
#include "node.h"

namespace flink::control {
namespace {

using test::Eventually;
using test::kPatience;

/// Collects what arrives.
class Inbox {
 public:
  void add(Bytes frame, OwnedFd descriptor = {}) {
    const MutexLock lock(mutex_);
    frames_.emplace_back(std::move(frame), std::move(descriptor));
    arrived_.notifyAll();
  }
  std::pair<Bytes, OwnedFd> take() {
    const MutexLock lock(mutex_);
    while (frames_.empty()) {
      if (!arrived_.waitFor(mutex_, kPatience)) return {"nothing came", OwnedFd()};
    }
    auto first = std::move(frames_.front());
    frames_.pop_front();
    return first;
  }

 private:
  Mutex mutex_;
  ConditionVariable arrived_;
  std::deque<std::pair<Bytes, OwnedFd>> frames_;
};

class LocalChannelTest : public testing::Test {
 protected:
  LocalChannelTest() {
    auto pair = makeLocalChannelPair();
    left_ = std::move(pair->first);
    right_ = adoptLocalChannel(std::move(pair->second));
    left_->setHandlers({[this](const auto&, Bytes frame) { atLeft_.add(std::move(frame)); },
                        [this](const auto&) { leftClosed_.set(true); }});
    right_->setHandlers({[this](const auto&, Bytes frame) {
                           atRight_.add(std::move(frame), right_->takeDescriptor());
                         },
                         [this](const auto&) { rightClosed_.set(true); }});
  }

  Inbox atLeft_, atRight_;
  Eventually<bool> leftClosed_, rightClosed_;
  std::unique_ptr<LocalChannel> left_, right_;
};

TEST_F(LocalChannelTest, FramesArriveWholeAndInOrder) {
  for (int i = 0; i < 500; ++i)
    ASSERT_TRUE(left_->send(LocalChannel::kPeer, Bytes(static_cast<std::size_t>(i * 7), 'a')));
  for (int i = 0; i < 500; ++i)
    ASSERT_EQ(atRight_.take().first.size(), static_cast<std::size_t>(i * 7));
  ASSERT_TRUE(right_->send(LocalChannel::kPeer, "back"));
  EXPECT_EQ(atLeft_.take().first, "back");
}

TEST_F(LocalChannelTest, LargeFramesPassThroughSmallSocketBuffers) {
  const Bytes large(8 << 20, 'x');
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(left_->send(LocalChannel::kPeer, large));
    ASSERT_TRUE(right_->send(LocalChannel::kPeer, large));
  }
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(atRight_.take().first, large);
    ASSERT_EQ(atLeft_.take().first, large);
  }
}

TEST_F(LocalChannelTest, DescriptorsBelongToTheirFrames) {
  for (int i = 0; i < 100; ++i) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    const OwnedFd readEnd(ends[0]);
    ASSERT_TRUE(left_->send(LocalChannel::kPeer, "plain"));
    ASSERT_TRUE(left_->sendWithDescriptor("with", OwnedFd(ends[1])));
    EXPECT_FALSE(atRight_.take().second.valid());
    auto [frame, descriptor] = atRight_.take();
    ASSERT_EQ(frame, "with");
    ASSERT_TRUE(descriptor.valid());
    EXPECT_NE(fcntl(descriptor.get(), F_GETFD) & FD_CLOEXEC, 0);
    ASSERT_EQ(write(descriptor.get(), "x", 1), 1);
    char c = 0;
    ASSERT_EQ(read(readEnd.get(), &c, 1), 1);
  }
}

TEST_F(LocalChannelTest, EndOfThePeerIsReportedAfterItsLastFrame) {
  ASSERT_TRUE(left_->send(LocalChannel::kPeer, "last words"));
  left_->stop();
  ASSERT_TRUE(rightClosed_.arrived());
  EXPECT_EQ(atRight_.take().first, "last words");
  EXPECT_EQ(right_->send(LocalChannel::kPeer, "hello?").code(), ErrorCode::kUnavailable);
}

TEST_F(LocalChannelTest, FrameOverTheLimitIsRefusedAtTheSender) {
  EXPECT_EQ(left_->send(LocalChannel::kPeer, Bytes(protocol::kMaxFrameBytes + 1, 'x')).code(),
            ErrorCode::kLimitExceeded);
}

TEST_F(LocalChannelTest, PortsAreRefused) {
  EXPECT_EQ(left_->bind("localhost:0").status().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(left_->connect("localhost:1").status().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(left_->send("somebody", "x").code(), ErrorCode::kUnavailable);
}

/// A channel whose other end the test writes by hand.
class RawPeerTest : public testing::Test {
 protected:
  RawPeerTest() {
    std::array<int, 2> sockets{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()), 0);
    raw_ = OwnedFd(sockets[0]);
    channel_ = adoptLocalChannel(OwnedFd(sockets[1]));
    channel_->setHandlers({[this](const auto&, Bytes frame) { inbox_.add(std::move(frame)); },
                           [this](const auto&) { closed_.set(true); }});
  }
  Inbox inbox_;
  Eventually<bool> closed_;
  OwnedFd raw_;
  std::unique_ptr<LocalChannel> channel_;
};

TEST_F(RawPeerTest, FrameInSingleBytesIsPutTogether) {
  const std::string bytes(
      "\x03\x00\x00\x00"
      "abc",
      7);
  for (const char c : bytes) ASSERT_EQ(write(raw_.get(), &c, 1), 1);
  EXPECT_EQ(inbox_.take().first, "abc");
}

TEST_F(RawPeerTest, HeadOverTheLimitClosesTheChannel) {
  ASSERT_EQ(write(raw_.get(), "\xff\xff\xff\x7f", 4), 4);
  EXPECT_TRUE(closed_.arrived());
}

TEST_F(RawPeerTest, PromisedDescriptorThatNeverCameClosesTheChannel) {
  ASSERT_EQ(write(raw_.get(), "\x01\x00\x00\x80x", 5), 5);
  EXPECT_TRUE(closed_.arrived());
}

}  // namespace
}  // namespace flink::control
