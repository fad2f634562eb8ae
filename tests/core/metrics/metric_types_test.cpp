#include <cmath>

#include <gtest/gtest.h>

#include "core/metrics/registry.h"

namespace flink::metrics {
namespace {

TEST(MeterTest, RateIsCountsOfTheLastMinutePerSecond) {
  auto counter = std::make_shared<Counter>();
  Meter meter(counter);
  EXPECT_EQ(meter.rate(), 0.0);
  for (int tick = 1; tick <= 12; ++tick) {
    counter->inc(50);
    meter.update();
    EXPECT_DOUBLE_EQ(meter.rate(), tick * 50 / 60.0);
  }
  for (int tick = 0; tick < 30; ++tick) {
    counter->inc(50);
    meter.update();
    EXPECT_DOUBLE_EQ(meter.rate(), 10.0);
  }
  meter.update(12);
  EXPECT_DOUBLE_EQ(meter.rate(), 0.0);
}

TEST(MeterTest, MissedTicksShareWhatWasCountedMeanwhile) {
  auto counter = std::make_shared<Counter>();
  Meter meter(counter);
  counter->inc(6000);
  meter.update(120);  // ten minutes unseen
  EXPECT_DOUBLE_EQ(meter.rate(), 10.0);
  counter->inc(100);
  meter.update(2);
  EXPECT_DOUBLE_EQ(meter.rate(), (10 * 50 + 100) / 60.0);
}

TEST(MeterTest, ShortSpanHasAtLeastOneInterval) {
  Meter meter(std::make_shared<Counter>(), 1);
  meter.markEvent(10);
  meter.update();
  EXPECT_DOUBLE_EQ(meter.rate(), 2.0);
}

TEST(HistogramTest, EmptyOneHasNoQuantiles) {
  const HistogramStatistics statistics = Histogram().statistics();
  EXPECT_EQ(statistics.count, 0);
  EXPECT_TRUE(std::isnan(statistics.p50));
  EXPECT_TRUE(std::isnan(statistics.mean));
}

TEST(HistogramTest, QuantilesLieBetweenNeighbours) {
  Histogram histogram(1000);
  for (int value = 1; value <= 100; ++value) histogram.update(value);
  const HistogramStatistics statistics = histogram.statistics();
  EXPECT_EQ(statistics.count, 100);
  EXPECT_DOUBLE_EQ(statistics.min, 1);
  EXPECT_DOUBLE_EQ(statistics.max, 100);
  EXPECT_DOUBLE_EQ(statistics.mean, 50.5);
  EXPECT_NEAR(statistics.stddev, 29.011491975882016, 1e-12);
  EXPECT_DOUBLE_EQ(statistics.p50, 50.5);
  EXPECT_DOUBLE_EQ(statistics.p75, 75.75);
  EXPECT_DOUBLE_EQ(statistics.p95, 95.95);
  EXPECT_DOUBLE_EQ(statistics.p99, 99.99);
  EXPECT_DOUBLE_EQ(statistics.p999, 100);
}

TEST(HistogramTest, OnlyTheWindowCountsForQuantiles) {
  Histogram histogram(4);
  for (const int value : {1000, 2000, 1, 2, 3, 4}) histogram.update(value);
  const HistogramStatistics statistics = histogram.statistics();
  EXPECT_EQ(statistics.count, 6);
  EXPECT_DOUBLE_EQ(statistics.max, 4);
  EXPECT_DOUBLE_EQ(statistics.p50, 2.5);
}

}  // namespace
}  // namespace flink::metrics
