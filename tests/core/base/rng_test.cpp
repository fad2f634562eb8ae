#include "core/base/rng.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace flink {
namespace {

TEST(RngTest, SameSeedSameSequence) {
  const auto a = makeSeededRng(42);
  const auto b = makeSeededRng(42);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a->next(), b->next());
  EXPECT_NE(makeSeededRng(1)->next(), makeSeededRng(2)->next());
  EXPECT_EQ(makeSeededRng(0)->next(), 0xE220A8397B1DCDAFULL);  // splitmix64's published first value
}

TEST(RngTest, BelowIsUniformAndInRange) {
  const auto rng = makeSeededRng(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts.at(rng->below(7));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);
}

TEST(RngTest, SystemRandomnessDiffers) {
  const auto rng = makeSystemRng();
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(rng->next());
  EXPECT_EQ(seen.size(), 100U);
}

}  // namespace
}  // namespace flink
