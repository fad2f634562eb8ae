#include "core/memory/segment_pool.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace flink::memory {
namespace {

constexpr std::int32_t kSegment = 32 << 10;

TEST(SegmentPoolTest, GivesEverySegmentOnce) {
  SegmentPool pool(10 * kSegment + 5, kSegment);
  EXPECT_EQ(pool.total(), 10);
  std::set<std::byte*> taken;
  for (int i = 0; i < 10; ++i) {
    std::byte* segment = pool.acquire();
    ASSERT_NE(segment, nullptr);
    EXPECT_TRUE(pool.owns(segment));
    EXPECT_TRUE(taken.insert(segment).second);
    std::memset(segment, i, kSegment);
  }
  EXPECT_EQ(pool.acquire(), nullptr);
  EXPECT_EQ(pool.used(), 10);
  for (std::byte* segment : taken) pool.release(segment);
  EXPECT_EQ(pool.used(), 0);
}

TEST(SegmentPoolTest, ReusesTheWarmSegmentFirst) {
  SegmentPool pool(10 * kSegment, kSegment);
  std::byte* first = pool.acquire();
  std::byte* second = pool.acquire();
  pool.release(first);
  pool.release(second);
  EXPECT_EQ(pool.acquire(), second);
  EXPECT_EQ(pool.acquire(), first);
}

TEST(SegmentPoolTest, UntouchedSegmentsHaveNoPages) {
  constexpr std::int64_t kSegments = 4096;  // 128 MiB
  SegmentPool pool(kSegments * kSegment, kSegment);
  std::byte* segment = pool.acquire();
  std::memset(segment, 1, kSegment);
  constexpr std::size_t kPage = 4096;
  std::vector<unsigned char> resident(static_cast<std::size_t>(kSegments) * kSegment / kPage);
  const auto start = reinterpret_cast<std::uintptr_t>(segment) & ~(kPage - 1);
  ASSERT_EQ(::mincore(reinterpret_cast<void*>(start), resident.size() * kPage, resident.data()), 0);
  std::size_t pages = 0;
  for (const unsigned char page : resident) pages += page & 1U;
  EXPECT_LE(pages * kPage, std::size_t{2} << 20);  // one huge page at most
}

TEST(SegmentPoolTest, EmptyPool) {
  SegmentPool pool(0, kSegment);
  EXPECT_EQ(pool.total(), 0);
  EXPECT_EQ(pool.acquire(), nullptr);
  EXPECT_FALSE(pool.owns(nullptr));
}

TEST(SegmentPoolTest, ThreadsNeverShareASegment) {
  SegmentPool pool(16 * kSegment, kSegment);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      for (int i = 0; i < 5000; ++i) {
        std::byte* segment = pool.acquire();
        ASSERT_NE(segment, nullptr);
        *segment = static_cast<std::byte>(t);
        segment[kSegment - 1] = static_cast<std::byte>(i);
        ASSERT_EQ(*segment, static_cast<std::byte>(t));
        pool.release(segment);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool.used(), 0);
}

TEST(SegmentPoolDeathTest, WrongReleasesAbort) {
  SegmentPool pool(2 * kSegment, kSegment);
  std::byte* segment = pool.acquire();
  std::byte foreign{};
  EXPECT_DEATH(pool.release(&foreign), "not from");
  EXPECT_DEATH(pool.release(segment + 1), "not from");
  pool.release(segment);
  EXPECT_DEATH(pool.release(segment), "twice");
}

}  // namespace
}  // namespace flink::memory
