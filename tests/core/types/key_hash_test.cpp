#include "core/types/key_hash.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "tests/core/types/sample_types.h"

namespace flink::types {
namespace {

template <class K>
KeyHash reference(const K& key) {
  const std::string form = serialize(key);
  return XXH3_64bits(form.data(), form.size());
}

TEST(KeyHashTest, StringsOfEveryLengthHashLikeTheirSerializedForm) {
  const auto rng = makeSeededRng(1);
  for (std::size_t size = 0; size < 600; ++size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(rng->next());
    ASSERT_EQ(keyHash(text), reference(text)) << size;
    ASSERT_EQ(keyHash(std::string_view(text)), reference(text)) << size;
  }
  const std::string large(1 << 20, 'q');
  EXPECT_EQ(keyHash(large), reference(large));
}

TEST(KeyHashTest, FixedSizeKeysHashLikeTheirSerializedForm) {
  const auto rng = makeSeededRng(2);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = rng->next();
    ASSERT_EQ(keyHash(static_cast<std::int64_t>(value)),
              reference(static_cast<std::int64_t>(value)));
    ASSERT_EQ(keyHash(static_cast<std::int32_t>(value)),
              reference(static_cast<std::int32_t>(value)));
    ASSERT_EQ(keyHash(static_cast<std::uint16_t>(value)),
              reference(static_cast<std::uint16_t>(value)));
    ASSERT_EQ(keyHash(static_cast<char>(value)), reference(static_cast<char>(value)));
    ASSERT_EQ(keyHash((value & 1U) == 1), reference((value & 1U) == 1));
    const Point point{static_cast<std::int64_t>(value), i};
    ASSERT_EQ(keyHash(point), reference(point));
    const Padded padded{'c', static_cast<std::int64_t>(value)};
    ASSERT_EQ(keyHash(padded), reference(padded));
    const std::array<std::int64_t, 5> wide{1, i, 3, static_cast<std::int64_t>(value), 5};
    ASSERT_EQ(keyHash(wide), reference(wide));
  }
}

TEST(KeyHashTest, OtherKeysHashLikeTheirSerializedForm) {
  const auto rng = makeSeededRng(3);
  for (int i = 0; i < 300; ++i) {
    const std::pair<std::int32_t, std::string> key{i, randomText(*rng, 600)};
    ASSERT_EQ(keyHash(key), reference(key));
    const Order order = randomOrder(*rng);
    ASSERT_EQ(keyHash(order), reference(order));
  }
}

/// The bytes of keys and the hash are part of snapshots: these figures never change.
TEST(KeyHashTest, GoldenValues) {
  EXPECT_EQ(keyHash(std::int64_t{42}), 0xd5a6f8c838df27c8ULL);
  EXPECT_EQ(keyHash(std::string("flink")), 0x8163e725bbae8197ULL);
}

TEST(KeyGroupTest, OrderOfHashesIsOrderOfKeyGroups) {
  const auto rng = makeSeededRng(4);
  for (int i = 0; i < 10000; ++i) {
    const KeyHash a = rng->next();
    const KeyHash b = rng->next();
    ASSERT_LE(keyGroupOf(std::min(a, b), 128), keyGroupOf(std::max(a, b), 128));
    ASSERT_LT(keyGroupOf(a, 128), 128U);
  }
}

TEST(KeyGroupTest, RangesOfSubtasksCoverAllGroupsOnceAsInFlink) {
  for (std::uint32_t max : {1U, 7U, 128U, 32768U}) {
    for (std::uint32_t parallelism : {1U, 2U, 3U, 7U, 128U}) {
      if (parallelism > max) continue;
      std::uint32_t next = 0;
      for (std::uint32_t i = 0; i < parallelism; ++i) {
        const KeyGroupRange range = keyGroupRangeOf(i, max, parallelism);
        ASSERT_EQ(range.first, next);
        for (std::uint32_t g = range.first; g <= range.last; ++g)
          ASSERT_EQ(operatorIndexOf(g, max, parallelism), i);
        next = range.last + 1;
      }
      ASSERT_EQ(next, max);
    }
  }
}

TEST(KeyGroupTest, DefaultMaxParallelismIsFlinks) {
  EXPECT_EQ(defaultMaxParallelism(1), 128U);
  EXPECT_EQ(defaultMaxParallelism(86), 256U);
  EXPECT_EQ(defaultMaxParallelism(32768), 32768U);
}

}  // namespace
}  // namespace flink::types
