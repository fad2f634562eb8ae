#include "core/memory/memory_manager.h"

#include <gtest/gtest.h>

#include "core/base/error_codes.h"

namespace flink::memory {
namespace {

constexpr std::int32_t kPage = 32 << 10;

class MemoryManagerTest : public ::testing::Test {
 protected:
  MemoryManager manager_{10 * kPage, kPage};
  int ownerA_ = 0, ownerB_ = 0;
};

TEST_F(MemoryManagerTest, AllocatesAndReleasesPages) {
  EXPECT_EQ(manager_.total(), 10 * kPage);
  auto pages = manager_.allocatePages(&ownerA_, 4);
  ASSERT_TRUE(pages);
  EXPECT_EQ(pages->size(), 4U);
  EXPECT_EQ(manager_.available(), 6 * kPage);
  manager_.releasePages(&ownerA_, {pages->at(1), pages->at(3)});
  EXPECT_EQ(manager_.available(), 8 * kPage);
  manager_.releaseAll(&ownerA_);
  EXPECT_EQ(manager_.available(), 10 * kPage);
  manager_.releaseAll(&ownerA_);
}

TEST_F(MemoryManagerTest, OverAllocationIsRefusedAsAWhole) {
  ASSERT_TRUE(manager_.allocatePages(&ownerA_, 7));
  const auto refused = manager_.allocatePages(&ownerB_, 4);
  EXPECT_EQ(refused.status().code(), ErrorCode::kMemoryAllocation);
  EXPECT_EQ(refused.status().message(), "Cannot allocate 131072 bytes. Available: 98304 bytes.");
  EXPECT_EQ(manager_.available(), 3 * kPage);
  EXPECT_TRUE(manager_.allocatePages(&ownerB_, 3));
  EXPECT_EQ(manager_.available(), 0);
}

TEST_F(MemoryManagerTest, OwnersAreKeptApart) {
  ASSERT_TRUE(manager_.allocatePages(&ownerA_, 5));
  ASSERT_TRUE(manager_.allocatePages(&ownerB_, 5));
  manager_.releaseAll(&ownerA_);
  EXPECT_EQ(manager_.available(), 5 * kPage);
}

TEST(MemoryManagerDeathTest, ForeignPagesAbort) {
  MemoryManager manager(4 * kPage, kPage);
  int a = 0, b = 0;
  const auto pages = manager.allocatePages(&a, 1);
  EXPECT_DEATH(manager.releasePages(&b, *pages), "owner");
}

}  // namespace
}  // namespace flink::memory
