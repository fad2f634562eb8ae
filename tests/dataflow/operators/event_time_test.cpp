// Timestamps and event time on their way through operators and edges.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "dataflow/operators/event_time_inputs.h"
#include "dataflow/operators/factories.h"
#include "memory_segment_writer.h"
#include "operator_harness.h"

namespace flink::operators {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using types::kMaxWatermark;
using types::kNoTimestamp;
using types::StreamElement;
using Kind = StreamElement::Kind;

template <class T>
void write(Receiver& writer, std::vector<T> records, const std::vector<types::Timestamp>& stamps) {
  static_cast<BatchReceiver<T>&>(writer).process(
      {records, nullptr, stamps.empty() ? nullptr : stamps.data()});
}

/// What a channel's reader gives, in order.
struct ReadBack {
  CollectingReceiver<std::string> target;
  std::vector<std::pair<std::size_t, StreamElement>> elements;  // behind how many records
};

void readAll(const EdgeCodec& codec, const std::vector<MemorySegmentWriter::Segment>& segments,
             std::size_t maxRecords, ReadBack& out) {
  const auto reader = codec.makeReader(out.target, 1);
  for (const auto& segment : segments) {
    std::size_t offset = 0;
    std::uint64_t count = 0;
    while (true) {
      const auto result = reader->read(0, segment.view(), offset, maxRecords, count);
      ASSERT_TRUE(result.isOk()) << result.status().toString();
      if (result->element) out.elements.emplace_back(out.target.records.size(), *result->element);
      if (result->usedUp) break;
    }
  }
}

std::string keyOf(const std::string& s) {
  return s.substr(0, 1);
}

TEST(EventTimeEdgeTest, TimestampsAndElementsKeepTheirPlace) {
  const CodecPtr codecs[] = {makeEdgeCodec<std::string>(), makeKeyedEdgeCodec<std::string>(&keyOf)};
  for (const CodecPtr& codec : codecs) {
    for (const bool carriesHash : {false, true}) {
      for (const std::size_t maxRecords : {1UL, 3UL, 1000UL}) {
        MemorySegmentWriter segments(200, {carriesHash});
        const auto writer = codec->makeWriter(segments, {ChannelSelection::kHash, 0, 128});
        std::vector<std::string> records;
        std::vector<types::Timestamp> stamps;
        std::vector<std::pair<std::size_t, StreamElement>> elements;
        const auto rng = makeSeededRng(maxRecords);
        for (int i = 0; i < 300; ++i) {
          // Now and then longer than a segment.
          records.push_back(std::string(1 + rng->below(rng->below(20) == 0 ? 900 : 30), 'a'));
          stamps.push_back(rng->below(3) == 0 ? kNoTimestamp : i - 150);
          write<std::string>(*writer, {records.back()},
                             stamps.back() == kNoTimestamp && rng->below(2) == 0
                                 ? std::vector<types::Timestamp>{}
                                 : std::vector<types::Timestamp>{stamps.back()});
          if (rng->below(10) != 0) continue;
          const StreamElement element = rng->below(2) == 0
                                            ? StreamElement{Kind::kWatermark, i}
                                            : StreamElement{Kind::kIdle, types::kMinWatermark};
          wire::broadcastElement(segments, element);
          elements.emplace_back(records.size(), element);
        }
        ReadBack got;
        readAll(*codec, segments.segments(0), maxRecords, got);
        EXPECT_EQ(got.target.records, records);
        EXPECT_EQ(got.target.timestamps, stamps);
        EXPECT_EQ(got.elements, elements);
      }
    }
  }
}

TEST(EventTimeEdgeTest, ElementsReachEveryChannel) {
  MemorySegmentWriter segments(64, {false, false, false});
  wire::broadcastElement(segments, {Kind::kWatermark, 7});
  for (int channel = 0; channel < 3; ++channel) {
    ReadBack got;
    readAll(*makeEdgeCodec<std::string>(), segments.segments(channel), 10, got);
    EXPECT_THAT(got.elements, ElementsAre(std::pair(0UL, StreamElement{Kind::kWatermark, 7})));
  }
}

TEST(EventTimeEdgeTest, UnknownElementsAreRefused) {
  for (const std::string& bytes : {std::string("\x09", 1), std::string("\x01\x02", 2),
                                   std::string("\x02\x02", 2), std::string()}) {
    std::string frame(4, '\0');
    wire::putWord(reinterpret_cast<std::byte*>(frame.data()), bytes.size(), wire::kElement);
    frame += bytes;
    CollectingReceiver<std::string> target;
    std::size_t offset = 0;
    std::uint64_t count = 0;
    const auto result = makeEdgeCodec<std::string>()->makeReader(target, 1)->read(
        0, {asBytes(frame), false, false, false}, offset, 10, count);
    EXPECT_FALSE(result.isOk());
  }
}

TEST(EventTimeOperatorTest, ResultsHaveTheTimestampOfTheirRecord) {
  CollectingReceiver<int> out;
  OperatorHarness harness;
  harness.open(*makeFlatMapFactory<int, int>([](int n, Collector<int>& c) {
    for (int i = 0; i < n; ++i) c.collect(n);
  }),
               {{"", &out}});
  harness.processStamped<int>({2, 0, 1, 3}, {10, 20, kNoTimestamp, 30});
  EXPECT_THAT(out.records, ElementsAre(2, 2, 1, 3, 3, 3));
  EXPECT_THAT(out.timestamps, ElementsAre(10, 10, kNoTimestamp, 30, 30, 30));
  harness.process<int>({1});
  EXPECT_EQ(out.timestamps.back(), kNoTimestamp);
}

TEST(EventTimeOperatorTest, FilteredRecordsKeepTheirTimestamps) {
  CollectingReceiver<int> out;
  OperatorHarness harness;
  harness.open(*makeFilterFactory<int>([](int n) { return n % 2 == 0; }), {{"", &out}});
  harness.processStamped<int>({1, 2, 3, 4}, {10, 20, 30, 40});
  EXPECT_THAT(out.timestamps, ElementsAre(20, 40));
}

TEST(EventTimeOperatorTest, SideOutputsHaveTheTimestampToo) {
  const OutputTag<int> tag("side");
  CollectingReceiver<int> side;
  OperatorHarness harness;
  harness.open(*makeProcessFactory<int, int>([tag](const int& n, ProcessContext& context,
                                                   Collector<int>&) { context.output(tag, n); }),
               {{"side", &side}});
  harness.processStamped<int>({1, 2}, {10, 20});
  EXPECT_THAT(side.timestamps, ElementsAre(10, 20));
}

TEST(EventTimeOperatorTest, RunningSumsHaveTheTimestampOfTheRecordThatCausedThem) {
  CollectingReceiver<int> out;
  OperatorHarness harness;
  harness.open(
      *makeKeyedReduceFactory<int>([](int n) { return n % 2; }, [](int a, int b) { return a + b; }),
      {{"", &out}});
  harness.processStamped<int>({1, 2, 3}, {10, 20, 30});
  EXPECT_THAT(out.records, ElementsAre(1, 2, 4));
  EXPECT_THAT(out.timestamps, ElementsAre(10, 20, 30));
}

TEST(EventTimeOperatorTest, WatermarksPassThrough) {
  CollectingReceiver<int> out;
  OperatorHarness harness;
  harness.open(*makeMapFactory<int>([](int n) { return n; }), {{"", &out}});
  harness.advanceTo(5);
  harness.advanceTo(4);
  harness.advanceTo(9);
  EXPECT_THAT(harness.watermarks, ElementsAre(5, 9));
}

TEST(EventTimeInputsTest, LeastOfTheInputsThatAreNotIdle) {
  EventTimeInputs inputs(2);
  EXPECT_EQ(inputs.onWatermark(0, 20).watermark, std::nullopt);
  EXPECT_EQ(inputs.onWatermark(1, 5).watermark, 5);
  EXPECT_EQ(inputs.onStatus(1, true).watermark, 20);
  EXPECT_EQ(inputs.onWatermark(0, 40).watermark, 40);
  EXPECT_EQ(inputs.onStatus(1, false).watermark, std::nullopt);
  EXPECT_EQ(inputs.onWatermark(0, 60).watermark, std::nullopt);
  EXPECT_EQ(inputs.onWatermark(1, 45).watermark, 45);
  EXPECT_EQ(inputs.current(), 45);
}

TEST(EventTimeInputsTest, AllIdleReachesTheGreatest) {
  EventTimeInputs inputs(2);
  inputs.onWatermark(0, 20);
  inputs.onWatermark(1, 5);
  EXPECT_EQ(inputs.onStatus(0, true).idle, std::nullopt);
  const auto change = inputs.onStatus(1, true);
  EXPECT_EQ(change.watermark, 20);
  EXPECT_EQ(change.idle, true);
  EXPECT_EQ(inputs.onStatus(1, false).idle, false);
  EXPECT_EQ(inputs.onWatermark(1, 15).watermark, std::nullopt);
  EXPECT_EQ(inputs.onWatermark(1, 25).watermark, 25);
}

}  // namespace
}  // namespace flink::operators
