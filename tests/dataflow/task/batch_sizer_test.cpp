#include "dataflow/task/batch_sizer.h"

#include <gtest/gtest.h>

namespace flink::task {
namespace {

using namespace std::chrono_literals;

/// Applies calls whose records cost `perRecord` and `buffersPer1000` buffers until the limit
/// settles.
std::size_t settled(Duration perRecord, double buffersPer1000) {
  BatchSizer sizer;
  for (int i = 0; i < 100; ++i) {
    const std::size_t records = sizer.limit();
    sizer.learn(records, perRecord * static_cast<int>(records),
                static_cast<std::int64_t>(buffersPer1000 * static_cast<double>(records) / 1000),
                1ms);
  }
  return sizer.limit();
}

TEST(BatchSizerTest, CallsFitTheirBudget) {
  EXPECT_EQ(settled(30ns, 0), 1024U) << "more would keep mail waiting once records take long";
  EXPECT_LE(settled(300ns, 0) * 300, 250'000U);
  EXPECT_GE(settled(300ns, 0) * 300, 60'000U);
  EXPECT_LE(settled(10us, 0), 25U);
  EXPECT_GE(settled(10us, 0), 3U);
  EXPECT_EQ(settled(10ms, 0), 1U);
}

TEST(BatchSizerTest, CallsFillOnlyAFewBuffers) {
  EXPECT_LE(settled(1ns, 10), 500U);
  EXPECT_EQ(settled(1ns, 100000), 1U);
}

TEST(BatchSizerTest, ShortCallsDoNotRaiseTheLimit) {
  BatchSizer sizer;
  const std::size_t before = sizer.limit();
  for (int i = 0; i < 100; ++i) sizer.learn(before / 2, 1us, 0, 1ms);
  EXPECT_EQ(sizer.limit(), before);
}

}  // namespace
}  // namespace flink::task
