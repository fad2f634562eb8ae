#include "tests/reference/stream.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flink::reference {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Click {
  std::string user;
  std::int64_t time = 0;
};
Stream<Click> clicks(std::vector<Click> all) {
  return Stream<Click>::of(all).assignTimestamps([](const Click& click) { return click.time; });
}
std::string userOf(const Click& click) {
  return click.user;
}
using Counted = std::pair<std::string, std::int64_t>;
/// "user@start" and how many clicks lie in the window.
Counted count(const std::string& user, const Window& window, const std::vector<Click>& in) {
  return {user + "@" + std::to_string(window.start), static_cast<std::int64_t>(in.size())};
}

TEST(ReferenceTest, RecordwiseOperatorsKeepOrderAndTimestamps) {
  const auto numbers = Stream<int>::of({1, 2, 3, 4}).assignTimestamps([](int n) { return n * 10; });
  const auto out = numbers.filter([](int n) { return n != 2; })
                       .map([](int n) { return n + 1; })
                       .flatMap<int>([](int n, auto emit) {
                         for (int i = 0; i < n % 3; ++i) emit(n);
                       });
  EXPECT_THAT(out.values(), ElementsAre(2, 2, 4, 5, 5));
  EXPECT_EQ(out.elements()[2].timestamp, 30);
  EXPECT_THAT(out.unite(Stream<int>::of({9})).values(), ElementsAre(2, 2, 4, 5, 5, 9));
}

TEST(ReferenceTest, ReduceRunsPerKey) {
  const auto sums =
      Stream<int>::of({1, 2, 3, 4, 5}).keyBy([](int n) { return n % 2; }).reduce([](int a, int b) {
        return a + b;
      });
  EXPECT_THAT(sums.values(), ElementsAre(1, 2, 4, 6, 9));
}

TEST(ReferenceTest, TumblingWindowsBeginAtTheirOffset) {
  const auto stream = clicks({{"a", 1}, {"a", 9}, {"b", 10}, {"a", 10}, {"a", -1}});
  EXPECT_THAT(stream.keyBy(userOf).tumblingWindows<Counted>(10, count).values(),
              ElementsAre(Pair("a@-10", 1), Pair("a@0", 2), Pair("a@10", 1), Pair("b@10", 1)));
  EXPECT_THAT(stream.keyBy(userOf).tumblingWindows<Counted>(10, count, 5).values(),
              ElementsAre(Pair("a@-5", 2), Pair("a@5", 2), Pair("b@5", 1)));
}

TEST(ReferenceTest, SlidingWindowsOverlap) {
  const auto stream = clicks({{"a", 7}});
  EXPECT_THAT(stream.keyBy(userOf).slidingWindows<Counted>(10, 5, count).values(),
              ElementsAre(Pair("a@0", 1), Pair("a@5", 1)));
}

TEST(ReferenceTest, SessionsEndWhereTheGapIsFull) {
  const auto stream = clicks({{"a", 20}, {"a", 0}, {"a", 10}, {"a", 31}});
  // Windows that touch are one: Flink's sessions merge when end and start are equal.
  EXPECT_THAT(stream.keyBy(userOf).sessionWindows<Counted>(10, count).values(),
              ElementsAre(Pair("a@0", 3), Pair("a@31", 1)));
}

TEST(ReferenceTest, CountWindowsNeedToBeFull) {
  const auto stream = clicks({{"a", 1}, {"b", 1}, {"a", 2}, {"a", 3}});
  const auto out = stream.keyBy(userOf).countWindows<std::size_t>(
      2, [](const std::string&, const std::vector<Click>& in) { return in.size(); });
  EXPECT_THAT(out.values(), ElementsAre(2U));
}

TEST(ReferenceTest, TimersFireInOrderOfTimeOverAllKeysBeforeLaterRecords) {
  struct State {
    int seen = 0;
  };
  const auto out = clicks({{"b", 0}, {"a", 5}, {"a", 30}})
                       .keyBy(userOf)
                       .process<std::string, State>(
                           [](State& state, const Click& click, auto& context) {
                             ++state.seen;
                             context.registerTimer(click.time + 10);
                             context.registerTimer(click.time + 10);
                           },
                           [](State& state, std::int64_t time, auto& context) {
                             context.emit(context.key() + std::to_string(time) + ":" +
                                          std::to_string(state.seen));
                           });
  EXPECT_THAT(out.values(), ElementsAre("b10:1", "a15:1", "a40:2"));
  EXPECT_EQ(out.elements()[0].timestamp, 10);
}

TEST(ReferenceTest, DeletedTimersDoNotFire) {
  struct None {};
  const auto out = clicks({{"a", 0}, {"a", 1}})
                       .keyBy(userOf)
                       .process<int, None>(
                           [](None&, const Click& click, auto& context) {
                             if (click.time == 0) context.registerTimer(100);
                             if (click.time == 1) context.deleteTimer(100);
                           },
                           [](None&, std::int64_t, auto& context) { context.emit(1); });
  EXPECT_THAT(out.values(), IsEmpty());
}

TEST(ReferenceTest, ConnectedStreamsShareState) {
  const auto names = Stream<Click>::of({{"x", 1}}).assignTimestamps([](auto&) { return 1; });
  const auto numbers = Stream<int>::of({7}).assignTimestamps([](int) { return 2; });
  struct State {
    std::string name;
  };
  const ConnectedStreams<int, Click, int> connected(
      names, [](const Click&) { return 0; }, numbers, [](int) { return 0; });
  const auto out = connected.process<std::string, State>(
      [](State& state, const Click& click, auto&) { state.name = click.user; },
      [](State& state, int number, auto& context) {
        context.emit(state.name + std::to_string(number));
      },
      [](State&, std::int64_t, auto&) {});
  EXPECT_THAT(out.values(), ElementsAre("x7"));
}

TEST(ReferenceTest, DifferencesAreToldApart) {
  const std::map<int, std::int64_t> expected{{1, 2}, {2, 1}, {3, 1}};
  const Difference difference = compare(expected, {{1, 1}, {2, 3}, {9, 4}});
  EXPECT_EQ(difference.lost, 2);
  EXPECT_EQ(difference.duplicated, 2);
  EXPECT_EQ(difference.corrupted, 4);
  EXPECT_TRUE(compare(expected, expected).none());
}

}  // namespace
}  // namespace flink::reference
