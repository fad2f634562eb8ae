#include "compare.h"

#include <gtest/gtest.h>

#include "script.h"

namespace flink::conformance {
namespace {

using Lines = std::vector<std::string>;

bool same(const Lines& expected, const Lines& actual, const std::string& order) {
  return !difference(expected, actual, order).has_value();
}

TEST(CompareTest, ExactMeansEveryLineInItsPlace) {
  EXPECT_TRUE(same({"E,1,a,1", "E,1,b,2", "W,1"}, {"E,1,a,1", "E,1,b,2", "W,1"}, "exact"));
  EXPECT_FALSE(same({"E,1,a,1", "E,1,b,2", "W,1"}, {"E,1,b,2", "E,1,a,1", "W,1"}, "exact"));
  EXPECT_FALSE(same({"E,1,a,1", "W,1"}, {"E,1,a,1", "E,1,a,1", "W,1"}, "exact"));
  EXPECT_FALSE(same({"E,1,a,1"}, {}, "exact"));
}

TEST(CompareTest, LinesMayNotCrossAWatermarkWhateverTheOrder) {
  for (const char* order : {"exact", "per-key", "per-timestamp", "sorted"}) {
    EXPECT_FALSE(same({"E,1,a,1", "W,1", "E,2,a,2"}, {"W,1", "E,1,a,1", "E,2,a,2"}, order));
    EXPECT_FALSE(same({"W,1"}, {"W,2"}, order));
    EXPECT_FALSE(same({"I,idle"}, {"I,active"}, order));
    EXPECT_FALSE(same({"W,1"}, {}, order));
  }
}

TEST(CompareTest, OrdersLeaveOpenWhatTheySay) {
  const Lines lines{"E,1,a,1", "E,1,b,2", "E,2,a,3"};
  EXPECT_TRUE(same(lines, {"E,1,b,2", "E,1,a,1", "E,2,a,3"}, "per-key"));
  EXPECT_FALSE(same(lines, {"E,2,a,3", "E,1,a,1", "E,1,b,2"}, "per-key"));
  EXPECT_TRUE(same(lines, {"E,1,b,2", "E,1,a,1", "E,2,a,3"}, "per-timestamp"));
  EXPECT_FALSE(same(lines, {"E,2,a,3", "E,1,a,1", "E,1,b,2"}, "per-timestamp"));
  EXPECT_TRUE(same(lines, {"E,2,a,3", "E,1,a,1", "E,1,b,2"}, "sorted"));
  EXPECT_FALSE(same(lines, {"E,2,a,3", "E,1,a,1", "E,1,b,9"}, "sorted"));
}

TEST(CompareTest, OutputsHaveNoOrderAmongEachOther) {
  EXPECT_TRUE(same({"O,x,1,a,1", "E,1,a,1"}, {"E,1,a,1", "O,x,1,a,1"}, "exact"));
  EXPECT_FALSE(same({"O,x,1,a,1", "E,1,a,1"}, {"E,1,a,1", "O,y,1,a,1"}, "exact"));
  EXPECT_FALSE(same({"O,x,1,a,1", "O,x,1,a,2"}, {"O,x,1,a,2", "O,x,1,a,1"}, "exact"));
}

TEST(CompareTest, OfAFailureOnlyItsPlaceCounts) {
  EXPECT_TRUE(same({"E,1,a,1", "X,SomeException,text"}, {"E,1,a,1", "X,other"}, "exact"));
  EXPECT_FALSE(same({"E,1,a,1", "X,SomeException,text"}, {"X,other"}, "exact"));
  EXPECT_FALSE(same({"X,SomeException,text"}, {}, "exact"));
}

TEST(CompareTest, TablesAreComparedLineByLine) {
  EXPECT_FALSE(tableDifference({"1,2", "3,4"}, {"1,2", "3,4"}).has_value());
  EXPECT_TRUE(tableDifference({"1,2", "3,4"}, {"1,2"}).has_value());
  EXPECT_TRUE(tableDifference({"1,2"}, {"1,3"}).has_value());
  EXPECT_FALSE(tableDifference({"1,2", "3,4"}, {kNotOurs, "3,4"}).has_value());
}

TEST(ScriptTest, LinesSayWhatHappensWhen) {
  const auto script = parseScript({"E,-5,a,1", "E,R,-,b,2", "W,L,9", "I,idle", "P,7", "S", "Z"});
  ASSERT_TRUE(script.isOk()) << script.status().toString();
  const auto& lines = *script;
  EXPECT_EQ(lines[0].time, -5);
  EXPECT_EQ(lines[0].fields, (Lines{"a", "1"}));
  EXPECT_EQ(lines[1].side, "R");
  EXPECT_EQ(lines[1].time, types::kNoTimestamp);
  EXPECT_EQ(lines[2].side, "L");
  EXPECT_EQ(lines[2].time, 9);
  EXPECT_TRUE(lines[3].idle);
  EXPECT_EQ(lines[4].time, 7);
  EXPECT_EQ(lines.back().number, 7);
}

TEST(ScriptTest, OtherLinesAreRefusedByNumber) {
  for (const char* line : {"Q,1", "W", "W,x", "I,asleep", "S,1", "", "E"}) {
    const auto script = parseScript({"Z", line});
    ASSERT_FALSE(script.isOk()) << line;
    EXPECT_NE(script.status().message().find("number=2"), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace flink::conformance
