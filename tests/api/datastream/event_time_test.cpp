// Programs that need event time are checked before they run.
#include <gtest/gtest.h>

#include <flink/datastream.h>
#include <flink/joins.h>
#include <flink/windowing.h>
#include <chrono>

#include "core/base/error_codes.h"
#include "tests/api/datastream/test_program.h"

namespace flink::datastream {
namespace {

using std::chrono::seconds;
using Number = std::pair<std::int64_t, std::int64_t>;

auto keyed(const DataStream<Number>& stream) {
  return stream.keyBy([](const Number& number) { return number.first; });
}

WatermarkStrategy<Number> bySecond() {
  return WatermarkStrategy<Number>::forMonotonousTimestamps().withTimestampAssigner(
      [](const Number& number) { return number.second; });
}

class EventTimeTest : public testing::Test {
 protected:
  DataStream<Number> numbers() { return p_.env.fromElements(Number(1, 1), Number(2, 2)); }
  Status checked() { return graph::generateJobGraph(p_.executed(), JobId{}).status(); }
  TestProgram p_;
};

TEST_F(EventTimeTest, WindowsOverRecordsWithoutTimestampsAreRefused) {
  keyed(numbers()).window(TumblingEventTimeWindows::of(seconds(1))).sum<1>().print();
  EXPECT_EQ(checked().code(), ErrorCode::kRecordWithoutTimestamp);
}

TEST_F(EventTimeTest, JoinsByTimeOfRecordsWithoutTimestampsAreRefused) {
  keyed(numbers().assignTimestampsAndWatermarks(bySecond()))
      .intervalJoin(keyed(numbers()))
      .between(seconds(0), seconds(1))
      .process([](const Number& a, const Number&, JoinContext&, Collector<Number>& out) {
        out.collect(a);
      })
      .print();
  EXPECT_EQ(checked().code(), ErrorCode::kRecordWithoutTimestamp);
}

TEST_F(EventTimeTest, TimestampsMayComeFromAnyOperatorBefore) {
  keyed(numbers().assignTimestampsAndWatermarks(bySecond()).map([](Number n) { return n; }))
      .window(TumblingEventTimeWindows::of(seconds(1)))
      .sum<1>()
      .keyBy([](const Number& number) { return number.first; })
      .window(SlidingEventTimeWindows::of(seconds(2), seconds(1)))
      .sum<1>()
      .print();
  EXPECT_TRUE(checked().isOk()) << checked().toString();
}

TEST_F(EventTimeTest, ProcessingTimeNeedsNone) {
  keyed(numbers()).window(TumblingProcessingTimeWindows::of(seconds(1))).sum<1>().print();
  EXPECT_TRUE(checked().isOk());
}

TEST_F(EventTimeTest, IngestionTimeGivesThem) {
  p_.env.setStreamTimeCharacteristic(TimeCharacteristic::IngestionTime);
  keyed(numbers()).window(TumblingEventTimeWindows::of(seconds(1))).sum<1>().print();
  EXPECT_TRUE(checked().isOk());
}

}  // namespace
}  // namespace flink::datastream
