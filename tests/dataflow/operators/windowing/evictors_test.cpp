#include "dataflow/operators/windowing/evictors.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flink {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Elements = std::vector<TimestampedValue<int>>;

class NoContext final : public EvictorContext {
 public:
  [[nodiscard]] types::Timestamp getCurrentProcessingTime() const override { return 0; }
  [[nodiscard]] types::Timestamp getCurrentWatermark() const override { return 0; }
  [[nodiscard]] metrics::MetricGroup& getMetricGroup() const override { std::abort(); }
};

template <class E>
std::vector<int> before(E evictor, Elements elements) {
  NoContext context;
  evictor.evictBefore(elements, static_cast<int>(elements.size()), GlobalWindow(), context);
  std::vector<int> left;
  for (const auto& element : elements) left.push_back(element.getValue());
  return left;
}
template <class E>
std::vector<int> after(E evictor, Elements elements) {
  NoContext context;
  evictor.evictAfter(elements, static_cast<int>(elements.size()), GlobalWindow(), context);
  std::vector<int> left;
  for (const auto& element : elements) left.push_back(element.getValue());
  return left;
}

TEST(EvictorTest, CountKeepsTheLastArrivals) {
  const Elements elements{{1, 9}, {2, 1}, {3, 5}, {4, 2}};
  EXPECT_THAT(before(CountEvictor::of(3), elements), ElementsAre(2, 3, 4));
  EXPECT_THAT(before(CountEvictor::of(9), elements), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(before(CountEvictor::of(0), elements), IsEmpty());
  EXPECT_THAT(before(CountEvictor::of(1, true), elements), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(after(CountEvictor::of(1, true), elements), ElementsAre(4));
  EXPECT_THAT(after(CountEvictor::of(1), elements), ElementsAre(1, 2, 3, 4));
}

TEST(EvictorTest, TimeGoesByTheLatestElementWhereverItStands) {
  const Elements elements{{1, 20}, {2, 10}, {3, 11}, {4, 9}};
  EXPECT_THAT(before(TimeEvictor::of(milliseconds(10)), elements), ElementsAre(1, 3));
  EXPECT_THAT(after(TimeEvictor::of(milliseconds(10)), elements), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(after(TimeEvictor::of(milliseconds(10), true), elements), ElementsAre(1, 3));
}

TEST(EvictorTest, TimeLeavesElementsWithoutTimestampsAlone) {
  const Elements elements{{1, types::kNoTimestamp}, {2, 10}, {3, 100}};
  EXPECT_THAT(before(TimeEvictor::of(milliseconds(10)), elements), ElementsAre(1, 2, 3));
  EXPECT_THAT(before(TimeEvictor::of(milliseconds(10)), {}), IsEmpty());
}

TEST(EvictorTest, DeltaComparesWithTheLastArrival) {
  const auto delta = [](int element, int last) { return static_cast<double>(last - element); };
  const DeltaEvictor evictor(10, delta);
  EXPECT_THAT(before(evictor, {{0, 1}, {10, 2}}), ElementsAre(10));
  EXPECT_THAT(before(evictor, {{10, 2}, {1, 3}, {11, 4}}), ElementsAre(10, 11));
  EXPECT_THAT(before(evictor, {}), IsEmpty());
  EXPECT_THAT(after(DeltaEvictor(10, delta, true), {{0, 1}, {10, 2}}), ElementsAre(10));
}

}  // namespace
}  // namespace flink
