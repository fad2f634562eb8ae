#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "dataflow/operators/factories.h"
#include "tests/dataflow/operators/memory_segment_writer.h"
#include "tests/dataflow/operators/operator_harness.h"

namespace flink::operators {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using WordCount = std::pair<std::string, std::int64_t>;

const auto byWord = [](const WordCount& wc) -> const std::string& { return wc.first; };

template <class T>
void write(Receiver& writer, std::vector<T> records) {
  dynamic_cast<BatchReceiver<T>&>(writer).process({std::span<T>(records)});
}

/// Reads all segments of a channel in steps of maxRecords.
template <class T>
Status readAll(EdgeReader& reader, int channel,
               const std::vector<MemorySegmentWriter::Segment>& segments, std::uint64_t& count,
               std::size_t maxRecords = 100000) {
  for (const auto& segment : segments) {
    std::size_t offset = 0;
    while (true) {
      const std::uint64_t before = count;
      Result<EdgeReadResult> done = reader.read(channel, segment.view(), offset, maxRecords, count);
      if (!done.isOk()) return done.status();
      EXPECT_LE(count - before, maxRecords);
      if (done->usedUp) break;
    }
  }
  return Status::ok();
}

template <class T>
std::vector<T> roundTrip(const EdgeCodec& codec, const std::vector<T>& records,
                         std::size_t segmentBytes, std::size_t maxRecords = 100000) {
  MemorySegmentWriter segments(segmentBytes, {false});
  const auto writer = codec.makeWriter(segments, {});
  for (std::size_t at = 0; at < records.size(); at += 100) {
    const std::size_t end = std::min(records.size(), at + 100);
    write(*writer, std::vector<T>(records.begin() + static_cast<std::ptrdiff_t>(at),
                                  records.begin() + static_cast<std::ptrdiff_t>(end)));
  }
  EXPECT_EQ(segments.numRecords(), records.size());
  CollectingReceiver<T> target;
  const auto reader = codec.makeReader(target, 1);
  std::uint64_t count = 0;
  const Status status = readAll<T>(*reader, 0, segments.segments(0), count, maxRecords);
  EXPECT_TRUE(status.isOk()) << status.toString();
  EXPECT_EQ(count, records.size());
  EXPECT_LE(target.largestBatch, kBatchSize);
  return target.records;
}

std::vector<WordCount> randomWords(std::uint64_t seed, std::size_t n, std::uint64_t maxSize) {
  const auto rng = makeSeededRng(seed);
  std::vector<WordCount> records;
  for (std::size_t i = 0; i < n; ++i) {
    records.emplace_back(std::string(rng->below(maxSize), static_cast<char>('a' + rng->below(26))),
                         static_cast<std::int64_t>(rng->next()));
  }
  return records;
}

TEST(EdgeTest, RecordsSurviveAtEverySegmentSize) {
  const auto codec = makeEdgeCodec<WordCount>();
  for (const std::size_t segmentBytes : {64U, 65U, 71U, 100U, 1000U, 32768U}) {
    for (const std::size_t maxRecords : {1U, 7U, 100000U}) {
      const auto records = randomWords(segmentBytes, 700, 300);
      EXPECT_EQ(roundTrip(*codec, records, segmentBytes, maxRecords), records)
          << segmentBytes << " " << maxRecords;
    }
  }
}

TEST(EdgeTest, RecordsMuchLongerThanASegment) {
  const auto codec = makeEdgeCodec<WordCount>();
  std::vector<WordCount> records = randomWords(1, 10, 50);
  records.insert(records.begin() + 5, {std::string(3 << 20, 'L'), 1});
  records.insert(records.begin() + 6, {std::string(100000, 'M'), 2});
  EXPECT_EQ(roundTrip(*codec, records, 32768), records);
}

TEST(EdgeTest, NumbersAndBools) {
  std::vector<std::int64_t> numbers(5000);
  std::iota(numbers.begin(), numbers.end(), -100);
  EXPECT_EQ(roundTrip(*makeEdgeCodec<std::int64_t>(), numbers, 1000), numbers);
  const std::vector<bool> bits{true, false, true};
  MemorySegmentWriter segments(1000, {false});
  const auto codec = makeEdgeCodec<bool>();
  bool raw[] = {true, false, true};
  dynamic_cast<BatchReceiver<bool>&>(*codec->makeWriter(segments, {}))
      .process({std::span<bool>(raw)});
  CollectingReceiver<bool> target;
  std::uint64_t count = 0;
  EXPECT_TRUE(readAll<bool>(*codec->makeReader(target, 1), 0, segments.segments(0), count).isOk());
  EXPECT_EQ(target.records, bits);
}

std::vector<std::size_t> spread(ChannelSelection selection, int subtask, std::size_t n,
                                std::size_t channels) {
  MemorySegmentWriter segments(1000, std::vector<bool>(channels, false));
  const auto codec = makeEdgeCodec<std::int64_t>();
  const auto writer = codec->makeWriter(segments, {selection, subtask, 128});
  for (std::size_t i = 0; i < n; ++i)
    write(*writer, std::vector<std::int64_t>{static_cast<std::int64_t>(i)});
  std::vector<std::size_t> counts;
  for (std::size_t c = 0; c < channels; ++c) {
    CollectingReceiver<std::int64_t> target;
    std::uint64_t count = 0;
    const auto reader = codec->makeReader(target, 1);
    EXPECT_TRUE(
        readAll<std::int64_t>(*reader, 0, segments.segments(static_cast<int>(c)), count).isOk());
    counts.push_back(target.records.size());
  }
  return counts;
}

TEST(EdgeTest, StrategiesPickTheirChannels) {
  EXPECT_THAT(spread(ChannelSelection::kForward, 0, 10, 1), ElementsAre(10));
  EXPECT_THAT(spread(ChannelSelection::kRoundRobin, 0, 10, 3), ElementsAre(4, 3, 3));
  EXPECT_THAT(spread(ChannelSelection::kRoundRobin, 5, 10, 3), ElementsAre(3, 3, 4))
      << "producers start elsewhere";
  EXPECT_THAT(spread(ChannelSelection::kBroadcast, 0, 10, 3), ElementsAre(10, 10, 10));
  EXPECT_THAT(spread(ChannelSelection::kGlobal, 1, 10, 3), ElementsAre(10, 0, 0));
  const auto shuffled = spread(ChannelSelection::kRandom, 0, 3000, 3);
  for (const std::size_t count : shuffled) EXPECT_NEAR(static_cast<double>(count), 1000.0, 150.0);
}

TEST(EdgeTest, KeyedRecordsReachTheOwnerOfTheirKeyGroupWithTheirHash) {
  constexpr int kChannels = 3;
  constexpr std::uint32_t kMaxParallelism = 128;
  MemorySegmentWriter segments(500, {true, false, true});
  const auto codec = makeKeyedEdgeCodec<WordCount>(byWord);
  const auto records = randomWords(3, 3000, 40);
  write(*codec->makeWriter(segments, {ChannelSelection::kHash, 0, kMaxParallelism}), records);
  std::size_t total = 0;
  for (int c = 0; c < kChannels; ++c) {
    CollectingReceiver<WordCount> target;
    std::uint64_t count = 0;
    ASSERT_TRUE(
        readAll<WordCount>(*codec->makeReader(target, 1), 0, segments.segments(c), count).isOk());
    ASSERT_EQ(target.hashes.size(), target.records.size());
    for (std::size_t i = 0; i < target.records.size(); ++i) {
      ASSERT_EQ(target.hashes[i], types::keyHash(target.records[i].first))
          << "carried or recomputed, the same";
      const std::uint32_t group = types::keyGroupOf(target.hashes[i], kMaxParallelism);
      ASSERT_EQ(types::operatorIndexOf(group, kMaxParallelism, kChannels),
                static_cast<std::uint32_t>(c));
    }
    total += target.records.size();
  }
  EXPECT_EQ(total, records.size());
}

TEST(EdgeTest, ARecordWithoutAKeyIsRefused) {
  MemorySegmentWriter segments(500, {false, false});
  const auto codec = makeKeyedEdgeCodec<std::int64_t>(
      [](const std::int64_t& v) { return v == 0 ? std::nullopt : std::optional<std::int64_t>(v); });
  const auto writer = codec->makeWriter(segments, {ChannelSelection::kHash, 0, 128});
  EXPECT_NO_THROW(write(*writer, std::vector<std::int64_t>{1, 2}));
  EXPECT_THROW(write(*writer, std::vector<std::int64_t>{3, 0}), std::invalid_argument);
}

TEST(EdgeTest, LargeKeyedRecordsKeepTheirHash) {
  for (const bool local : {true, false}) {
    MemorySegmentWriter segments(100, {local});
    const auto codec = makeKeyedEdgeCodec<WordCount>(byWord);
    const std::vector<WordCount> records{{"small", 1}, {std::string(5000, 'x'), 2}, {"after", 3}};
    write(*codec->makeWriter(segments, {ChannelSelection::kHash, 0, 128}), records);
    CollectingReceiver<WordCount> target;
    std::uint64_t count = 0;
    ASSERT_TRUE(
        readAll<WordCount>(*codec->makeReader(target, 1), 0, segments.segments(0), count).isOk());
    EXPECT_EQ(target.records, records);
    EXPECT_EQ(target.hashes[1], types::keyHash(records[1].first));
  }
}

TEST(EdgeTest, PartitionerPicksAndIsChecked) {
  MemorySegmentWriter segments(500, {false, false, false});
  const auto modulo = [](std::int64_t key, int n) { return static_cast<int>(key % n); };
  const auto codec =
      makeCustomEdgeCodec<std::int64_t>(modulo, [](const std::int64_t& v) { return v; });
  const auto writer = codec->makeWriter(segments, {ChannelSelection::kCustom, 0, 128});
  write(*writer, std::vector<std::int64_t>{0, 1, 2, 4, 7});
  CollectingReceiver<std::int64_t> target;
  std::uint64_t count = 0;
  ASSERT_TRUE(
      readAll<std::int64_t>(*codec->makeReader(target, 1), 0, segments.segments(1), count).isOk());
  EXPECT_THAT(target.records, ElementsAre(1, 4, 7));
  EXPECT_THROW(write(*writer, std::vector<std::int64_t>{-1}), std::out_of_range);
}

TEST(EdgeTest, ReleasedWriterSwallowsRecords) {
  MemorySegmentWriter segments(64, {false});
  const auto codec = makeEdgeCodec<WordCount>();
  const auto writer = codec->makeWriter(segments, {});
  segments.isReleased = true;
  write(*writer, randomWords(1, 1000, 300));
}

TEST(EdgeTest, InterleavedChannelsKeepTheirCutRecordsApart) {
  const auto codec = makeEdgeCodec<WordCount>();
  MemorySegmentWriter segments(64, {false, false});
  const auto writer = codec->makeWriter(segments, {ChannelSelection::kRoundRobin, 0, 128});
  const auto records = randomWords(9, 200, 500);
  write(*writer, records);
  CollectingReceiver<WordCount> target;
  const auto reader = codec->makeReader(target, 2);
  std::size_t at[2] = {0, 0};
  std::uint64_t count = 0;
  const auto rng = makeSeededRng(1);
  while (at[0] < segments.segments(0).size() || at[1] < segments.segments(1).size()) {
    const int c = static_cast<int>(rng->below(2));
    if (at[c] == segments.segments(c).size()) continue;
    std::size_t offset = 0;
    ASSERT_TRUE(
        reader->read(c, segments.segments(c)[at[c]++].view(), offset, 100000, count).isOk());
  }
  std::multiset<WordCount> expected(records.begin(), records.end());
  EXPECT_EQ(std::multiset<WordCount>(target.records.begin(), target.records.end()), expected);
}

TEST(EdgeTest, HostileSegmentsAreRefusedOrReadButNeverCrash) {
  const auto codec = makeKeyedEdgeCodec<WordCount>(byWord);
  const auto rng = makeSeededRng(77);
  for (int round = 0; round < 1000; ++round) {
    MemorySegmentWriter writer(200, {false});
    write(*codec->makeWriter(writer, {ChannelSelection::kHash, 0, 128}),
          randomWords(static_cast<std::uint64_t>(round), 8, 120));
    std::vector<MemorySegmentWriter::Segment> segments = writer.segments(0);
    MemorySegmentWriter::Segment& victim = segments[rng->below(segments.size())];
    switch (rng->below(5)) {
      case 0:
        victim.data[rng->below(victim.data.size())] = static_cast<char>(rng->next());
        break;
      case 1:
        victim.data.resize(rng->below(victim.data.size()));
        break;
      case 2:
        victim.startsInside = !victim.startsInside;
        break;
      case 3:
        victim.endsInside = !victim.endsInside;
        break;
      default:
        victim.carriesHash = true;
    }
    CollectingReceiver<WordCount> target;
    std::uint64_t count = 0;
    const Status status = readAll<WordCount>(*codec->makeReader(target, 1), 0, segments, count);
    if (!status.isOk()) {
      EXPECT_THAT(status.message(), HasSubstr("channel=0"));
    }
  }
}

TEST(EdgeTest, AnnouncedGiantIsRefusedBeforeMemoryIsTaken) {
  const auto codec = makeEdgeCodec<std::string>();
  CollectingReceiver<std::string> target;
  const auto reader = codec->makeReader(target, 1);
  const std::string data = std::string("\xff\xff\xff\xff", 4) + "abc";
  std::size_t offset = 0;
  std::uint64_t count = 0;
  const Result<EdgeReadResult> result =
      reader->read(0, {asBytes(data), false, false, true}, offset, 10, count);
  ASSERT_FALSE(result.isOk());
  EXPECT_THAT(result.status().message(), HasSubstr("longer than the limit"));
}

}  // namespace
}  // namespace flink::operators
