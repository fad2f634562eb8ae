#include "cluster/control/router_peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flink::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(RouterPeersTest, EndOfAConnectionLosesItsPeerOnce) {
  RouterPeers peers;
  peers.accepted(7);
  peers.frame("a", 7);
  peers.frame("a", 7);
  EXPECT_THAT(peers.takeLost(), IsEmpty());
  peers.ended(7);
  EXPECT_THAT(peers.takeLost(), ElementsAre("a"));
  EXPECT_THAT(peers.takeLost(), IsEmpty());
}

TEST(RouterPeersTest, EndOfASilentConnectionDoesNotHarmTheNextWithItsDescriptor) {
  RouterPeers peers;
  peers.accepted(7);
  peers.ended(7);
  peers.accepted(7);
  peers.frame("a", 7);
  EXPECT_THAT(peers.takeLost(), IsEmpty());
  peers.ended(7);
  EXPECT_THAT(peers.takeLost(), ElementsAre("a"));
}

TEST(RouterPeersTest, PeerThatLeftBeforeItsFramesWereReadIsLostAfterThem) {
  RouterPeers peers;
  peers.accepted(7);
  peers.ended(7);
  peers.frame("a", 7);
  peers.frame("a", 7);
  EXPECT_THAT(peers.takeLost(), ElementsAre("a"));
}

TEST(RouterPeersTest, PeerThatComesBackIsNotLost) {
  RouterPeers peers;
  peers.accepted(7);
  peers.frame("a", 7);
  peers.ended(7);
  peers.accepted(8);
  peers.frame("a", 8);
  EXPECT_THAT(peers.takeLost(), IsEmpty());
  peers.ended(8);
  EXPECT_THAT(peers.takeLost(), ElementsAre("a"));
}

TEST(RouterPeersTest, PeerThatComesBackWithTheSameDescriptorIsNotLost) {
  RouterPeers peers;
  peers.accepted(7);
  peers.frame("a", 7);
  peers.ended(7);
  peers.accepted(7);
  peers.frame("a", 7);
  EXPECT_THAT(peers.takeLost(), IsEmpty());
  peers.ended(7);
  EXPECT_THAT(peers.takeLost(), ElementsAre("a"));
}

TEST(RouterPeersTest, LateFrameOfAnEndedConnectionDoesNotTakeTheNextOne) {
  for (const bool lateFirst : {true, false}) {
    RouterPeers peers;
    peers.accepted(7);
    peers.frame("a", 7);
    peers.ended(7);
    peers.accepted(7);
    if (lateFirst) peers.frame("a", 7);
    peers.frame("b", 7);
    if (!lateFirst) peers.frame("a", 7);
    EXPECT_THAT(peers.takeLost(), ElementsAre("a")) << lateFirst;
    peers.ended(7);
    EXPECT_THAT(peers.takeLost(), ElementsAre("b")) << lateFirst;
  }
}

TEST(RouterPeersTest, UnknownPeersOfOneDescriptorEndTogether) {
  RouterPeers peers;
  peers.accepted(7);
  peers.ended(7);
  peers.accepted(7);
  peers.frame("b", 7);
  peers.frame("a", 7);  // of the first connection, or of the second: nothing tells
  EXPECT_THAT(peers.takeLost(), IsEmpty());
  peers.ended(7);
  EXPECT_THAT(peers.takeLost(), UnorderedElementsAre("a", "b"));
}

TEST(RouterPeersTest, ConnectionDroppedWithoutAnEventEndsWithTheNext) {
  RouterPeers peers;
  peers.accepted(7);
  peers.frame("a", 7);
  peers.accepted(7);
  peers.frame("b", 7);
  EXPECT_THAT(peers.takeLost(), ElementsAre("a"));
}

TEST(RouterPeersTest, ForgottenPeerIsNotLostAgain) {
  RouterPeers peers;
  peers.accepted(7);
  peers.frame("a", 7);
  peers.forget("a");
  peers.forget("nobody");
  peers.ended(7);
  EXPECT_THAT(peers.takeLost(), IsEmpty());
}

}  // namespace
}  // namespace flink::control
