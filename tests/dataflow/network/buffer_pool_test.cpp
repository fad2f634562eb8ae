#include "dataflow/network/buffer_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "core/base/error_codes.h"
#include "core/base/rng.h"

namespace flink::network {
namespace {

constexpr std::int32_t kSegmentBytes = 4096;

std::shared_ptr<NetworkBufferPool> poolOf(int segments) {
  return std::make_shared<NetworkBufferPool>(std::int64_t{segments} * kSegmentBytes, kSegmentBytes);
}

std::shared_ptr<LocalBufferPool> local(
    const std::shared_ptr<NetworkBufferPool>& pool, int min, int max,
    std::function<void()> onRoom = [] {}) {
  auto created = pool->createPool(min, max, std::move(onRoom));
  EXPECT_TRUE(created.isOk()) << created.status().toString();
  return std::move(created).value();
}

TEST(BufferPoolTest, GuaranteeThatDoesNotFitNamesFiguresAndKeys) {
  const auto pool = poolOf(10);
  const auto first = local(pool, 8, 8);
  const auto refused = pool->createPool(3, 3, [] {});
  ASSERT_FALSE(refused.isOk());
  EXPECT_EQ(refused.status().code(), ErrorCode::kInsufficientNetworkBuffers);
  EXPECT_EQ(refused.status().message(),
            "Insufficient number of network buffers: required 3, but only 2 available. The total "
            "number of network buffers is "
            "currently set to 10 of 4096 bytes each. You can increase this number by setting the "
            "configuration keys "
            "'taskmanager.memory.network.fraction', 'taskmanager.memory.network.min', and "
            "'taskmanager.memory.network.max'");
}

TEST(BufferPoolTest, ExcessIsSharedInProportion) {
  const auto pool = poolOf(20);
  const auto a = local(pool, 2, 12);
  EXPECT_EQ(a->size(), 12);
  const auto b = local(pool, 2, 32);
  EXPECT_EQ(a->size(), 2 + 4);
  EXPECT_EQ(b->size(), 2 + 12);
  b->close();
  EXPECT_EQ(a->size(), 12);
}

TEST(BufferPoolTest, OverdraftGoesBeyondTheSizeWhileMemoryIsLeft) {
  const auto pool = poolOf(6);
  const auto a = local(pool, 1, 3);
  for (int i = 0; i < 3; ++i) EXPECT_NE(a->acquire(), nullptr);
  EXPECT_EQ(a->acquire(), nullptr);
  EXPECT_NE(a->acquire(2), nullptr);
  EXPECT_NE(a->acquire(2), nullptr);
  EXPECT_EQ(a->acquire(2), nullptr);
  EXPECT_EQ(pool->usedSegments(), 5);
}

TEST(BufferPoolTest, OverdraftLeavesOthersTheirGuarantee) {
  const auto pool = poolOf(4);
  const auto a = local(pool, 1, 1);
  const auto b = local(pool, 2, 2);
  EXPECT_NE(a->acquire(5), nullptr);
  EXPECT_NE(a->acquire(5), nullptr);
  EXPECT_EQ(a->acquire(5), nullptr);
  EXPECT_NE(b->acquire(), nullptr);
  EXPECT_NE(b->acquire(), nullptr);
}

TEST(BufferPoolTest, AddedMemoryIsThereForOldPoolsAndNewOnes) {
  const auto pool = poolOf(4);
  int called = 0;
  const auto a = local(pool, 2, 6, [&] { ++called; });
  std::vector<std::byte*> segments;
  for (int i = 0; i < 4; ++i) segments.push_back(a->acquire());
  EXPECT_EQ(a->acquire(), nullptr);
  EXPECT_FALSE(pool->createPool(3, 3, [] {}).isOk());
  pool->add(6 * kSegmentBytes);
  EXPECT_EQ(called, 1);
  EXPECT_EQ(pool->totalSegments(), 10);
  const auto b = local(pool, 4, 4);
  for (int i = 0; i < 2; ++i) segments.push_back(a->acquire());
  std::vector<std::byte*> others;
  for (int i = 0; i < 4; ++i) others.push_back(b->acquire());
  EXPECT_EQ(std::count(segments.begin(), segments.end(), nullptr), 0);
  EXPECT_EQ(std::count(others.begin(), others.end(), nullptr), 0);
  EXPECT_EQ(pool->usedSegments(), 10);
  EXPECT_EQ(pool->requestedUsagePercent(), 100);
  for (std::byte* segment : segments) a->release(segment);
  for (std::byte* segment : others) b->release(segment);
  EXPECT_EQ(pool->usedSegments(), 0);
}

TEST(BufferPoolTest, StarvingPoolHearsOfRoom) {
  const auto pool = poolOf(4);
  const auto a = local(pool, 1, 4);
  std::vector<std::byte*> segments;
  for (int i = 0; i < 4; ++i) segments.push_back(a->acquire());
  int called = 0;
  const auto b = local(pool, 1, 1, [&] { ++called; });
  EXPECT_EQ(b->acquire(), nullptr);
  a->release(segments.back());
  EXPECT_EQ(called, 1);
  EXPECT_NE(b->acquire(), nullptr);
  a->release(segments[0]);
  EXPECT_EQ(called, 1);
}

TEST(BufferPoolTest, SegmentsComeBackAfterClose) {
  const auto pool = poolOf(4);
  auto a = local(pool, 2, 4);
  std::byte* segment = a->acquire();
  a->close();
  EXPECT_EQ(a->acquire(), nullptr);
  a->release(segment);
  EXPECT_EQ(pool->usedSegments(), 0);
  EXPECT_TRUE(pool->createPool(4, 4, [] {}).isOk());
}

TEST(BufferPoolTest, ManyThreadsNeverExceedTheTotal) {
  const auto pool = poolOf(32);
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto rng = makeSeededRng(t + 1);
      const auto mine = local(pool, 4, 20);
      std::vector<std::byte*> held;
      for (int i = 0; i < 20'000; ++i) {
        if (rng->below(2) == 0) {
          if (std::byte* segment = mine->acquire(static_cast<int>(rng->below(3)));
              segment != nullptr)
            held.push_back(segment);
        } else if (!held.empty()) {
          mine->release(held.back());
          held.pop_back();
        }
        if (pool->usedSegments() > 32) ADD_FAILURE() << "more segments than there are";
      }
      for (std::byte* segment : held) mine->release(segment);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool->usedSegments(), 0);
}

}  // namespace
}  // namespace flink::network
