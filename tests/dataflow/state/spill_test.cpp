#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "core/fs/local_file_system.h"
#include "core/types/key_hash.h"
#include "dataflow/state/record_buffer.h"
#include "dataflow/state/spilling_aggregator.h"

namespace flink::state {
namespace {

using ::testing::HasSubstr;
using Entry = std::pair<std::string, std::int64_t>;
struct FirstOf {
  const std::string& operator()(const Entry& entry) const { return entry.first; }
};
struct AddUp {
  void operator()(Entry& earlier, Entry& later) const { earlier.second += later.second; }
};

class SpillTest : public ::testing::Test {
 protected:
  SpillTest() : files_(fs::makeLocalFileSystem()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "flink-state-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~SpillTest() override { std::filesystem::remove_all(root_); }

  std::string write(SpillDirectory& directory,
                    const std::vector<std::pair<types::KeyHash, std::string>>& records) {
    auto writer = SpillWriter::open(directory);
    EXPECT_TRUE(writer.isOk());
    for (const auto& [hash, record] : records)
      EXPECT_TRUE((*writer)->append(hash, asBytes(record)).isOk());
    EXPECT_TRUE((*writer)->finish().isOk());
    return (*writer)->path();
  }

  std::unique_ptr<FileSystem> files_;
  std::string root_;
};

TEST_F(SpillTest, ReaderGivesBackWhatWasWritten) {
  SpillDirectory directory(*files_, root_ + "/own");
  const std::vector<std::pair<types::KeyHash, std::string>> records{
      {1, "a"}, {2, ""}, {~0ULL, std::string(1 << 20, 'x')}, {3, "end"}};
  auto reader = SpillReader::open(directory, write(directory, records));
  ASSERT_TRUE(reader.isOk());
  for (const auto& [hash, record] : records) {
    ASSERT_TRUE(*(*reader)->next());
    EXPECT_EQ((*reader)->hash(), hash);
    EXPECT_EQ(asText((*reader)->record()), record);
  }
  EXPECT_FALSE(*(*reader)->next());
  EXPECT_FALSE(*(*reader)->next());
}

TEST_F(SpillTest, DamagedFilesAreRefused) {
  SpillDirectory directory(*files_, root_ + "/own");
  const std::string path = write(directory, {{1, "hello"}, {2, "world"}});
  std::string whole(34, '\0');
  std::ifstream(path, std::ios::binary).read(whole.data(), 34);
  std::vector<std::string> damaged{whole.substr(0, 5), whole.substr(0, 14), whole.substr(0, 30),
                                   whole};
  damaged.back().replace(8, 4, "\xff\xff\xff\xff");
  for (const std::string& content : damaged) {
    std::ofstream(path, std::ios::binary) << content;
    auto reader = SpillReader::open(directory, path);
    ASSERT_TRUE(reader.isOk());
    Result<bool> next = true;
    while (next.isOk() && *next) next = (*reader)->next();
    ASSERT_FALSE(next.isOk()) << content.size();
    EXPECT_THAT(next.status().message(), HasSubstr(path));
  }
}

TEST_F(SpillTest, MergeKeepsHashOrderAndTheOrderOfTimeOverManyFiles) {
  SpillDirectory directory(*files_, root_ + "/own");
  std::vector<std::string> paths;
  for (int file = 0; file < 200; ++file) {
    std::vector<std::pair<types::KeyHash, std::string>> records;
    for (types::KeyHash hash = 1; hash <= 5; ++hash)
      records.emplace_back(hash * 10, std::to_string(file));
    paths.push_back(write(directory, records));
  }
  auto merger = SpillMerger::open(directory, paths);
  ASSERT_TRUE(merger.isOk());
  for (types::KeyHash hash = 1; hash <= 5; ++hash) {
    for (int file = 0; file < 200; ++file) {
      ASSERT_TRUE(*(*merger)->next());
      ASSERT_EQ((*merger)->hash(), hash * 10);
      ASSERT_EQ(asText((*merger)->record()), std::to_string(file));
    }
  }
  EXPECT_FALSE(*(*merger)->next());
}

TEST_F(SpillTest, FilesGoWithTheirDirectoryObject) {
  {
    SpillDirectory directory(*files_, root_ + "/own");
    write(directory, {{1, "x"}});
    EXPECT_TRUE(std::filesystem::exists(root_ + "/own"));
  }
  EXPECT_FALSE(std::filesystem::exists(root_ + "/own"));
}

TEST_F(SpillTest, AggregatorGivesEachKeyOnceWhateverItsBudget) {
  for (const std::size_t budget : {2000U, 50000U, 100000000U}) {
    SpillingAggregator<Entry, FirstOf, AddUp> aggregator(budget, *files_, root_ + "/own", {}, {});
    const auto rng = makeSeededRng(budget);
    std::map<std::string, std::int64_t> expected;
    for (int i = 0; i < 20000; ++i) {
      const std::string key = std::to_string(rng->below(2000));
      const auto [entry, isNew] = aggregator.table().findOrInsert(types::keyHash(key), key, [&] {
        return Entry{key, 0};
      });
      entry->second += i;
      expected[key] += i;
      if (i % 10 == 0) {
        ASSERT_TRUE(aggregator.checkBudget().isOk());
      }
    }
    EXPECT_EQ(aggregator.numSpills() > 0, budget < 1000000);
    std::map<std::string, std::int64_t> sums;
    bool done = false;
    while (!done) {
      const std::size_t before = sums.size();
      Result<bool> step =
          aggregator.drain(7, [&](Entry& entry) { EXPECT_TRUE(sums.insert(entry).second); });
      ASSERT_TRUE(step.isOk()) << step.status().toString();
      EXPECT_LE(sums.size() - before, 7U);
      done = *step;
    }
    EXPECT_EQ(sums, expected);
  }
}

TEST_F(SpillTest, DifferentKeysOfOneHashStayApartInTheMerge) {
  SpillingAggregator<Entry, FirstOf, AddUp> aggregator(1, *files_, root_ + "/own", {}, {});
  for (int round = 0; round < 3; ++round) {
    for (const std::string key : {"a", "b"}) {
      aggregator.table().findOrInsert(42, key, [&] { return Entry{key, 0}; }).first->second += 1;
    }
    ASSERT_TRUE(aggregator.checkBudget().isOk());
  }
  EXPECT_EQ(aggregator.numSpills(), 3U);
  std::map<std::string, std::int64_t> sums;
  const Result<bool> done = aggregator.drain(100, [&](Entry& entry) { sums.insert(entry); });
  ASSERT_TRUE(done.isOk());
  EXPECT_EQ(sums, (std::map<std::string, std::int64_t>{{"a", 3}, {"b", 3}}));
}

TEST_F(SpillTest, BufferKeepsOrderAcrossItsBudget) {
  for (const std::size_t budget : {0U, 1000U, 10000000U}) {
    RecordBuffer buffer(budget, *files_, root_ + "/own");
    for (std::int64_t i = 0; i < 5000; ++i)
      ASSERT_TRUE(buffer.add(Entry{std::to_string(i), i}).isOk());
    ASSERT_TRUE(buffer.startReading().isOk());
    Entry entry;
    for (std::int64_t i = 0; i < 5000; ++i) {
      const Result<bool> any = buffer.next(entry);
      ASSERT_TRUE(any.isOk() && *any);
      ASSERT_EQ(entry.second, i);
    }
    EXPECT_FALSE(*buffer.next(entry));
  }
}

}  // namespace
}  // namespace flink::state
