#include "cluster/taskmanager/held_connections.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace flink::taskmanager {
namespace {

using std::chrono::seconds;

DataConnection connectionOf(std::uint8_t job) {
  std::array<std::uint8_t, 16> bytes{};
  bytes[0] = job;
  return {{JobId(bytes), JobToken(bytes), "consumer"}, OwnedFd(::dup(0)), "peer"};
}

TEST(HeldConnectionsTest, GivesAJobItsConnections) {
  HeldConnections held(10, seconds(10));
  held.hold(connectionOf(1), MonotonicTime(seconds(0)));
  held.hold(connectionOf(2), MonotonicTime(seconds(0)));
  held.hold(connectionOf(1), MonotonicTime(seconds(1)));
  EXPECT_EQ(held.take(connectionOf(1).hello.job).size(), 2U);
  EXPECT_EQ(held.size(), 1U);
}

TEST(HeldConnectionsTest, ClosesWhatWaitedTooLong) {
  HeldConnections held(10, seconds(10));
  held.hold(connectionOf(1), MonotonicTime(seconds(0)));
  held.hold(connectionOf(2), MonotonicTime(seconds(4)));
  EXPECT_EQ(held.expire(MonotonicTime(seconds(10))), seconds(4));
  EXPECT_EQ(held.size(), 1U);
  EXPECT_EQ(held.expire(MonotonicTime(seconds(14))), Duration::zero());
  EXPECT_EQ(held.size(), 0U);
}

TEST(HeldConnectionsTest, TheOldestMakesRoom) {
  HeldConnections held(2, seconds(10));
  for (std::uint8_t job = 1; job <= 3; ++job)
    held.hold(connectionOf(job), MonotonicTime(seconds(0)));
  EXPECT_EQ(held.size(), 2U);
  EXPECT_TRUE(held.take(connectionOf(1).hello.job).empty());
}

}  // namespace
}  // namespace flink::taskmanager
