#include "connectors/sequence/number_sequence_source.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/fs/local_file_system.h"
#include "tests/connectors/source_harness.h"

namespace flink::connectors {
namespace {

using Harness = SourceHarness<std::int64_t, NumberSequenceSplit>;

TEST(NumberSequenceSourceTest, GivesEveryNumberOnceInEqualShares) {
  const auto files = fs::makeLocalFileSystem();
  for (const int parallelism : {1, 3, 8}) {
    for (const std::int64_t size : {0, 1, 5, 1000}) {
      const NumberSequenceSource source(-7, -7 + size - 1);
      Harness harness(source, *files, parallelism);
      for (int i = 0; i < parallelism; ++i) harness.startReader(i);
      harness.drain();
      auto all = harness.allRecords();
      std::sort(all.begin(), all.end());
      std::vector<std::int64_t> expected(static_cast<std::size_t>(size));
      std::iota(expected.begin(), expected.end(), -7);
      EXPECT_EQ(all, expected) << parallelism << " " << size;
      for (int i = 0; i < parallelism; ++i) {
        EXPECT_LE(harness.records(i).size(), static_cast<std::size_t>(size / parallelism + 1));
        EXPECT_TRUE(std::is_sorted(harness.records(i).begin(), harness.records(i).end()));
      }
    }
  }
}

TEST(NumberSequenceSourceTest, FastReaderLeavesALateOneItsShare) {
  const auto files = fs::makeLocalFileSystem();
  const NumberSequenceSource source(0, 99);
  Harness harness(source, *files, 2);
  harness.startReader(0);
  // It has read its share and asks for more before the other one has come.
  for (int i = 0; i < 3; ++i) harness.poll(0, 100);
  harness.startReader(1);
  harness.drain();
  EXPECT_EQ(harness.records(0).size(), 50U);
  EXPECT_EQ(harness.records(1).size(), 50U);
}

TEST(NumberSequenceSourceTest, ReadersThatStartInTurnsDoNotWaitForEachOther) {
  const auto files = fs::makeLocalFileSystem();
  const NumberSequenceSource source(0, 999);
  Harness harness(source, *files, 4);
  harness.inTurns = true;
  harness.startReader(2);
  InputStatus status = InputStatus::kMoreAvailable;
  while (status == InputStatus::kMoreAvailable) status = harness.poll(2, 100);
  EXPECT_EQ(status, InputStatus::kEndOfInput);
  EXPECT_EQ(harness.records(2).size(), 1000U);
  harness.startReader(0);
  EXPECT_EQ(harness.poll(0, 100), InputStatus::kEndOfInput);
}

TEST(NumberSequenceSourceTest, TheWholeRangeOfNumbersIsAllowed) {
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  const auto files = fs::makeLocalFileSystem();
  const NumberSequenceSource source(kMin, kMax);
  Harness harness(source, *files, 2);
  for (int i = 0; i < 2; ++i) harness.startReader(i);
  EXPECT_EQ(harness.poll(0, 2), InputStatus::kMoreAvailable);
  EXPECT_EQ(harness.poll(1, 2), InputStatus::kMoreAvailable);
  EXPECT_EQ(harness.records(0), (std::vector<std::int64_t>{kMin, kMin + 1}));
  EXPECT_EQ(harness.records(1), (std::vector<std::int64_t>{0, 1}));

  const NumberSequenceSource last(kMax - 1, kMax);
  Harness end(last, *files, 1);
  end.startReader(0);
  end.drain();
  EXPECT_EQ(end.records(0), (std::vector<std::int64_t>{kMax - 1, kMax}));
}

}  // namespace
}  // namespace flink::connectors
