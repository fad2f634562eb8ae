#include "core/types/text.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/types/heap_bytes.h"
#include "tests/core/types/sample_types.h"

namespace flink {

struct Celsius {
  double degrees = 0;
  [[nodiscard]] std::string toString() const {
    return std::to_string(static_cast<int>(degrees)) + " C";
  }
};
struct Celebrity {
  std::string name;
};
inline std::ostream& operator<<(std::ostream& stream, const Celebrity& c) {
  return stream << "*" << c.name << "*";
}

namespace types {
namespace {

template <class T>
std::string text(const T& value) {
  std::string out;
  appendText(out, value);
  return out;
}

TEST(TextTest, ValuesLookLikeFlinks) {
  EXPECT_EQ(text(std::string("plain")), "plain");
  EXPECT_EQ(text(-5), "-5");
  EXPECT_EQ(text(std::int8_t{7}), "7");
  EXPECT_EQ(text('x'), "x");
  EXPECT_EQ(text(true), "true");
  EXPECT_EQ(text(1.5), "1.5");
  EXPECT_EQ(text(std::pair<std::string, std::int64_t>("word", 3)), "(word,3)");
  EXPECT_EQ(text(std::tuple(1, std::string("a"), 2.25)), "(1,a,2.25)");
  EXPECT_EQ(text(std::vector<int>{1, 2}), "[1, 2]");
  EXPECT_EQ(text(std::vector<bool>{true, false}), "[true, false]");
  EXPECT_EQ(text(std::set<std::string>{"a"}), "[a]");
  EXPECT_EQ(text(std::map<std::string, int>{{"a", 1}, {"b", 2}}), "{a=1, b=2}");
  EXPECT_EQ(text(std::optional<int>()), "null");
  EXPECT_EQ(text(std::variant<int, std::string>("v")), "v");
  EXPECT_EQ(text(Point{1, 2}), "(1,2)");
  EXPECT_EQ(text(Color::kBlue), "2");
  EXPECT_EQ(text(std::chrono::milliseconds(5)), "5");
}

TEST(TextTest, OwnFormsGoFirst) {
  EXPECT_EQ(text(Celsius{21.5}), "21 C");
  EXPECT_EQ(text(std::vector<Celebrity>{{"ada"}}), "[*ada*]");
}

TEST(HeapBytesTest, CountsWhatValuesOwn) {
  EXPECT_EQ(heapBytes(std::int64_t{1}), 0U);
  EXPECT_EQ(heapBytes(std::string("short")), 0U);
  EXPECT_GE(heapBytes(std::string(1000, 'x')), 1000U);
  EXPECT_GE(heapBytes(std::vector<std::int64_t>(100)), 800U);
  EXPECT_GE(heapBytes(std::pair<std::string, int>(std::string(1000, 'x'), 1)), 1000U);
  Order order;
  order.tags.resize(3, Tag{std::string(500, 't')});
  order.note = std::string(700, 'n');
  EXPECT_GE(heapBytes(order), 3 * 500 + 700U);
  EXPECT_GE(heapBytes(std::map<int, std::string>{{1, std::string(100, 'x')}}), 100U);
}

}  // namespace
}  // namespace types
}  // namespace flink
