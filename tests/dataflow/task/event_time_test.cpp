#include <gtest/gtest.h>

#include "dataflow/task/watermark_valve.h"

namespace flink::task {
namespace {

using types::kMinWatermark;
using types::StreamElement;
using Kind = StreamElement::Kind;

StreamElement watermark(types::Timestamp time) {
  return {Kind::kWatermark, time};
}
constexpr StreamElement kIdle{Kind::kIdle, kMinWatermark};
constexpr StreamElement kActive{Kind::kActive, kMinWatermark};

TEST(WatermarkValveTest, LeastOverTheChannelsAndOnlyRises) {
  WatermarkValve valve(2);
  EXPECT_EQ(valve.onElement(0, watermark(10)).watermark, std::nullopt);
  EXPECT_EQ(valve.onElement(1, watermark(4)).watermark, 4);
  EXPECT_EQ(valve.onElement(1, watermark(3)).watermark, std::nullopt);
  EXPECT_EQ(valve.onElement(1, watermark(20)).watermark, 10);
}

TEST(WatermarkValveTest, IdleChannelDoesNotHoldBack) {
  WatermarkValve valve(2);
  valve.onElement(0, watermark(10));
  const auto change = valve.onElement(1, kIdle);
  EXPECT_EQ(change.watermark, 10);
  EXPECT_EQ(change.idle, std::nullopt);
  EXPECT_EQ(valve.onElement(1, watermark(50)).watermark, std::nullopt) << "idle: ignored";
}

TEST(WatermarkValveTest, ChannelThatReturnsCountsOnceItHasCaughtUp) {
  WatermarkValve valve(2);
  valve.onElement(0, watermark(10));
  valve.onElement(1, kIdle);
  valve.onElement(1, kActive);
  EXPECT_EQ(valve.onElement(1, watermark(5)).watermark, std::nullopt);
  EXPECT_EQ(valve.onElement(0, watermark(12)).watermark, 12) << "channel 1 is behind: left out";
  EXPECT_EQ(valve.onElement(1, watermark(13)).watermark, std::nullopt);
  EXPECT_EQ(valve.onElement(0, watermark(20)).watermark, 13) << "channel 1 counts again";
}

TEST(WatermarkValveTest, LastActiveChannelThatHeldBackReleasesTheGreatest) {
  WatermarkValve valve(2);
  valve.onElement(0, watermark(10));
  valve.onElement(1, watermark(30));
  EXPECT_EQ(valve.onElement(1, kIdle).watermark, std::nullopt);
  const auto change = valve.onElement(0, kIdle);
  EXPECT_EQ(change.watermark, 30);
  EXPECT_EQ(change.idle, true);
  EXPECT_EQ(valve.onElement(0, kIdle).idle, std::nullopt) << "told once";
  EXPECT_EQ(valve.onElement(0, kActive).idle, false);
  EXPECT_EQ(valve.onElement(0, watermark(31)).watermark, 31);
}

TEST(WatermarkValveTest, LastActiveChannelThatWasAheadReleasesNothing) {
  WatermarkValve valve(2);
  valve.onElement(0, watermark(10));
  valve.onElement(0, kIdle);
  valve.onElement(0, kActive);  // unaligned no more: 10 >= nothing put out
  valve.onElement(1, watermark(5));
  EXPECT_EQ(valve.onElement(1, kIdle).watermark, 10);
  const auto change = valve.onElement(0, kIdle);
  EXPECT_EQ(change.watermark, std::nullopt);
  EXPECT_EQ(change.idle, true);
}

}  // namespace
}  // namespace flink::task
