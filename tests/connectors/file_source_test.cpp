#include "connectors/file/file_source.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "dataflow/operators/operator_failure.h"
#include "tests/connectors/source_harness.h"
#include "tests/connectors/temporary_directory.h"

namespace flink::connectors {
namespace {

using Harness = SourceHarness<std::string, FileSplit>;

std::string numberedLines(const std::string& prefix, std::size_t bytes,
                          std::vector<std::string>& expected) {
  std::string content;
  for (int i = 0; content.size() < bytes; ++i) {
    expected.push_back(prefix + std::to_string(i));
    content += expected.back() + "\n";
  }
  return content;
}

std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST(FileSourceTest, EveryLineIsReadOnceAtEveryParallelism) {
  TemporaryDirectory dir;
  std::vector<std::string> expected;
  dir.write("large", numberedLines("l", 3 << 20, expected));
  for (int i = 0; i < 20; ++i) {
    dir.write("small-" + std::to_string(i),
              numberedLines("s" + std::to_string(i) + "-", 2000, expected));
  }
  dir.write("empty", "");
  for (const int parallelism : {1, 2, 5}) {
    const FileSource source = FileSource::forTextLines(dir.path());
    Harness harness(source, dir.files(), parallelism);
    for (int i = 0; i < parallelism; ++i) harness.startReader(i);
    harness.runAsyncWork();
    harness.drain();
    EXPECT_TRUE(sorted(harness.allRecords()) == sorted(expected)) << "parallelism " << parallelism;
  }
}

TEST(FileSourceTest, BytesReadAreCounted) {
  TemporaryDirectory dir;
  dir.write("a", "one\ntwo\n");
  dir.write("b", "three");
  const FileSource source = FileSource::forTextLines(dir.path());
  Harness harness(source, dir.files(), 1);
  harness.startReader(0);
  harness.runAsyncWork();
  harness.drain();
  EXPECT_EQ(harness.counted("numBytesIn"), 13);
}

TEST(FileSourceTest, AnEarlyReaderLeavesALateOneItsShare) {
  TemporaryDirectory dir;
  std::vector<std::string> expected;
  dir.write("large", numberedLines("l", 4 << 20, expected));
  const FileSource source = FileSource::forTextLines(dir.path("large"));
  Harness harness(source, dir.files(), 2);
  harness.startReader(0);
  harness.runAsyncWork();
  while (harness.poll(0) == InputStatus::kMoreAvailable) {
  }
  EXPECT_LT(harness.records(0).size(), expected.size() * 6 / 10);
  harness.startReader(1);
  harness.drain();
  EXPECT_EQ(harness.allRecords().size(), expected.size());
  EXPECT_GT(harness.records(1).size(), expected.size() * 2 / 10);
}

TEST(FileSourceTest, PollsStopAtTheirNumberOfRecords) {
  TemporaryDirectory dir;
  dir.write("f", "1\n2\n3\n4\n5\n");
  const FileSource source = FileSource::forTextLines(dir.path("f"));
  Harness harness(source, dir.files(), 1);
  harness.startReader(0);
  EXPECT_EQ(harness.poll(0, 2), InputStatus::kNothingAvailable);
  harness.runAsyncWork();
  EXPECT_EQ(harness.poll(0, 2), InputStatus::kMoreAvailable);
  EXPECT_EQ(harness.records(0).size(), 2U);
  harness.drain();
  EXPECT_EQ(harness.records(0).size(), 5U);
}

TEST(FileSourceTest, AMissingFileIsThrown) {
  TemporaryDirectory dir;
  const FileSource source = FileSource::forTextLines(dir.path("missing"));
  Harness harness(source, dir.files(), 1);
  EXPECT_THROW(harness.runAsyncWork(), operators::OperatorFailure);
}

TEST(FileSourceTest, SplitsAreBalancedAndCoverEverything) {
  std::vector<FileRange> files;
  for (int i = 0; i < 100; ++i) files.push_back({"f" + std::to_string(i), 0, 10'000});
  files.push_back({"big", 0, 100 << 20});
  const auto splits = splitFiles(files, 2);
  std::uint64_t total = 0;
  for (const FileSplit& split : splits) {
    std::uint64_t bytes = 0;
    for (const FileRange& range : split.ranges) bytes += range.length;
    EXPECT_LE(bytes, 32U << 20);
    total += bytes;
  }
  EXPECT_EQ(total, 100U * 10'000 + (100U << 20));
  EXPECT_GE(splits.size(), 16U);
  EXPECT_GT(splits.front().ranges.size(), 90U);
  EXPECT_TRUE(splitFiles({{"empty", 0, 0}}, 3).empty());
}

}  // namespace
}  // namespace flink::connectors
