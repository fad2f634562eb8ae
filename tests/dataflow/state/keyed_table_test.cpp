#include "dataflow/state/keyed_table.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "core/types/key_hash.h"

namespace flink::state {
namespace {

using Entry = std::pair<std::string, std::int64_t>;
struct FirstOf {
  const std::string& operator()(const Entry& entry) const { return entry.first; }
};
using Table = KeyedTable<Entry, FirstOf>;

std::int64_t& at(Table& table, const std::string& key) {
  return table.findOrInsert(types::keyHash(key), key, [&] { return Entry{key, 0}; }).first->second;
}

TEST(KeyedTableTest, FindsWhatWasInserted) {
  Table table;
  EXPECT_EQ(table.find(types::keyHash(std::string("a")), std::string("a")), nullptr);
  at(table, "a") = 5;
  at(table, "b") = 6;
  at(table, "a") += 1;
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.find(types::keyHash(std::string("a")), std::string_view("a"))->second, 6);
}

TEST(KeyedTableTest, BehavesLikeAMapWhileItGrowsThroughManyShards) {
  const auto rng = makeSeededRng(1);
  Table table;
  std::map<std::string, std::int64_t> model;
  for (int i = 0; i < 150000; ++i) {
    const std::string key = "key" + std::to_string(rng->below(60000));
    at(table, key) += i;
    model[key] += i;
  }
  ASSERT_EQ(table.size(), model.size());
  for (const auto& [key, value] : model) {
    const Entry* entry = table.find(types::keyHash(key), key);
    ASSERT_NE(entry, nullptr);
    ASSERT_EQ(entry->second, value);
  }
  EXPECT_LT(table.slotBytes(), model.size() * (sizeof(Entry) + 8) * 4);
}

TEST(KeyedTableTest, WalkFollowsTheHashesAndMayStopAnywhere) {
  Table table;
  for (int i = 0; i < 50000; ++i) at(table, std::to_string(i)) = i;
  types::KeyHash last = 0;
  std::size_t count = 0;
  auto cursor = table.hashOrder();
  while (const Entry* entry = cursor.next()) {
    ASSERT_EQ(cursor.hash(), types::keyHash(entry->first));
    ASSERT_GE(cursor.hash(), last);
    last = cursor.hash();
    ++count;
  }
  EXPECT_EQ(count, 50000U);
  EXPECT_EQ(cursor.next(), nullptr);
}

TEST(KeyedTableTest, KeyGroupRangesCoverEveryEntryOnce) {
  Table table;
  for (int i = 0; i < 5000; ++i) at(table, std::to_string(i)) = i;
  std::size_t total = 0;
  for (std::uint32_t part = 0; part < 3; ++part) {
    const types::KeyGroupRange range = types::keyGroupRangeOf(part, 128, 3);
    std::uint32_t lastGroup = range.first;
    table.forEachInKeyGroups(range, 128, [&](std::uint32_t group, const Entry& entry) {
      ASSERT_TRUE(range.contains(group));
      ASSERT_GE(group, lastGroup);
      ASSERT_EQ(group, types::keyGroupOf(types::keyHash(entry.first), 128));
      lastGroup = group;
      ++total;
    });
  }
  EXPECT_EQ(total, 5000U);
}

/// Keys whose hash the test chooses.
struct Chosen {
  std::uint64_t id;
};
struct IdOf {
  const std::uint64_t& operator()(const Chosen& entry) const { return entry.id; }
};

TEST(KeyedTableTest, EqualHashesAndTheHashZeroStillWork) {
  KeyedTable<Chosen, IdOf> table;
  for (std::uint64_t id = 0; id < 1000; ++id) {
    const types::KeyHash hash = id % 3;
    EXPECT_TRUE(table.findOrInsert(hash, id, [&] { return Chosen{id}; }).second);
  }
  for (std::uint64_t id = 0; id < 1000; ++id) ASSERT_NE(table.find(id % 3, id), nullptr);
  EXPECT_EQ(table.size(), 1000U);
}

TEST(KeyedTableTest, HashesOfOneSubtaskOnlyDoNotBlowItUp) {
  // A subtask of many sees one narrow slice of all hashes: their leading bits are equal.
  const auto rng = makeSeededRng(2);
  KeyedTable<Chosen, IdOf> table;
  for (std::uint64_t id = 0; id < 200000; ++id) {
    table.findOrInsert(rng->next() >> 9U, id, [&] { return Chosen{id}; });
  }
  EXPECT_EQ(table.size(), 200000U);
  EXPECT_LT(table.slotBytes(), 200000U * 16 * 4);
  std::size_t count = 0;
  auto cursor = table.hashOrder();
  while (cursor.next() != nullptr) ++count;
  EXPECT_EQ(count, 200000U);
}

TEST(KeyedTableTest, HashesWithLongEqualPrefixesStayBounded) {
  KeyedTable<Chosen, IdOf> table;
  for (std::uint64_t id = 0; id < 100000; ++id) {
    table.findOrInsert(0x123456789ULL << 24U | id, id, [&] { return Chosen{id}; });
  }
  EXPECT_EQ(table.size(), 100000U);
  for (std::uint64_t id = 0; id < 100000; ++id)
    ASSERT_NE(table.find(0x123456789ULL << 24U | id, id), nullptr);
}

TEST(KeyedTableTest, ClearForgetsAndFreesEverything) {
  Table table;
  const std::size_t empty = table.slotBytes();
  for (int i = 0; i < 50000; ++i)
    at(table, "a string that does not fit inside " + std::to_string(i)) = i;
  table.clear();
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.slotBytes(), empty);
  at(table, "again") = 1;
  EXPECT_EQ(table.size(), 1U);
}

TEST(KeyedTableTest, ThrowingConstructorLeavesTheTableAsItWas) {
  Table table;
  for (int i = 0; i < 12; ++i) at(table, std::to_string(i)) = i;
  for (int round = 0; round < 3; ++round) {
    EXPECT_THROW(table.findOrInsert(99, std::string("new"),
                                    []() -> Entry { throw std::runtime_error("no"); }),
                 std::runtime_error);
  }
  EXPECT_EQ(table.size(), 12U);
  EXPECT_EQ(table.find(99, std::string("new")), nullptr);
}

}  // namespace
}  // namespace flink::state
