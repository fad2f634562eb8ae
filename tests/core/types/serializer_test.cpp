#include "core/types/serializer.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "tests/core/types/sample_types.h"

namespace flink {
namespace {

using types::deserialize;
using types::kFixedSize;
using types::kMinSize;
using types::kTriviallySerializable;
using types::serialize;

template <class T>
T roundTrip(const T& value, T into = {}) {
  const std::string bytes = serialize(value);
  EXPECT_GE(bytes.size(), kMinSize<T>);
  if (kFixedSize < T >> 0) {
    EXPECT_EQ(bytes.size(), kFixedSize<T>);
  }
  const Status status = deserialize(asBytes(bytes), into);
  EXPECT_TRUE(status.isOk()) << status.toString();
  return into;
}

TEST(SerializerTest, ScalarsKeepTheirValueAndAreLittleEndian) {
  EXPECT_EQ(roundTrip<std::int8_t>(-5), -5);
  EXPECT_EQ(roundTrip<std::uint64_t>(~0ULL), ~0ULL);
  EXPECT_EQ(roundTrip(-1.5), -1.5);
  EXPECT_EQ(roundTrip(true), true);
  EXPECT_EQ(roundTrip(Color::kBlue), Color::kBlue);
  EXPECT_EQ(serialize(std::int32_t{0x01020304}), std::string("\x04\x03\x02\x01", 4));
}

TEST(SerializerTest, StringsOfEveryLengthAroundThePrefixSteps) {
  for (const std::size_t size : {0, 1, 3, 4, 15, 16, 17, 127, 128, 16383, 16384, 100000}) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31);
    EXPECT_EQ(roundTrip(text), text) << size;
    EXPECT_EQ(serialize(text).size(), types::varintSize(size) + size);
  }
}

TEST(SerializerTest, StringIsReadIntoTheCapacityOfTheReusedOne) {
  std::string reused(100, 'a');
  const char* buffer = reused.data();
  const std::string bytes = serialize(std::string(50, 'b'));
  ASSERT_TRUE(deserialize(asBytes(bytes), reused).isOk());
  EXPECT_EQ(reused, std::string(50, 'b'));
  EXPECT_EQ(reused.data(), buffer);
}

TEST(SerializerTest, ComposedValues) {
  using namespace std::chrono_literals;
  const std::pair<std::string, std::int64_t> wordCount{"word", 7};
  EXPECT_EQ(roundTrip(wordCount), wordCount);
  const std::tuple<int, std::string, double> triple{1, "two", 3.0};
  EXPECT_EQ(roundTrip(triple), triple);
  EXPECT_EQ(roundTrip(std::tuple<>{}), std::tuple<>{});
  const std::array<std::string, 3> words{"a", "b", "c"};
  EXPECT_EQ(roundTrip(words), words);
  EXPECT_EQ(roundTrip(std::chrono::milliseconds(17)), 17ms);
  const std::chrono::sys_seconds second(99s);
  EXPECT_EQ(roundTrip(second), second);
  using Choice = std::variant<std::monostate, int, std::string, std::vector<int>>;
  for (const Choice& choice :
       {Choice{}, Choice{5}, Choice{"text"}, Choice{std::vector<int>{1, 2}}}) {
    EXPECT_EQ(roundTrip<Choice>(choice, std::string("before")), choice);
  }
  EXPECT_EQ(roundTrip<std::optional<std::string>>("x", std::nullopt), "x");
  EXPECT_EQ(roundTrip<std::optional<std::string>>(std::nullopt, "x"), std::nullopt);
}

TEST(SerializerTest, Containers) {
  const std::vector<std::int64_t> numbers{1, -2, 3};
  EXPECT_EQ(roundTrip(numbers, {9, 9, 9, 9}), numbers);
  EXPECT_EQ(serialize(numbers).size(), 1U + 24U);
  const std::vector<bool> bits{true, false, true};
  EXPECT_EQ(roundTrip(bits, {true}), bits);
  const std::vector<std::vector<std::string>> nested{{"a"}, {}, {"b", "c"}};
  EXPECT_EQ(roundTrip(nested), nested);
  const std::deque<std::string> queue{"x", "y"};
  EXPECT_EQ(roundTrip(queue), queue);
  const std::list<int> list{1, 2};
  EXPECT_EQ(roundTrip(list), list);
  const std::map<std::string, std::vector<int>> map{{"a", {1}}, {"b", {}}};
  EXPECT_EQ(roundTrip(map, {{"old", {1}}}), map);
  const std::unordered_map<int, std::string> table{{1, "x"}, {2, "y"}};
  EXPECT_EQ(roundTrip(table), table);
  const std::set<std::string> set{"p", "q"};
  EXPECT_EQ(roundTrip(set), set);
  const std::multimap<int, int> multi{{1, 2}, {1, 3}};
  EXPECT_EQ(roundTrip(multi), multi);
  const std::unordered_set<int> bag{4, 5};
  EXPECT_EQ(roundTrip(bag), bag);
}

TEST(SerializerTest, PlainAggregatesNeedNoMacro) {
  const Order order{42, "book", 9.5, {{"red"}, {"thick"}}, Color::kRed, std::nullopt};
  EXPECT_EQ(roundTrip(order), order);
  EXPECT_EQ(roundTrip(Empty{}), Empty{});
  EXPECT_EQ(serialize(Empty{}).size(), 1U);
}

TEST(SerializerTest, PaddingFreeAggregatesAreCopiedAtOnce) {
  static_assert(kTriviallySerializable<Point>);
  static_assert(kFixedSize<Point> == 16);
  static_assert(!kTriviallySerializable<Padded> && kFixedSize<Padded> == 9);
  static_assert(kTriviallySerializable<std::array<Point, 3>>);
  static_assert(kFixedSize<std::pair<Padded, bool>> == 10);
  static_assert(!kTriviallySerializable<Order> && kFixedSize<Order> == 0);
  const Padded padded{'c', 77};
  EXPECT_EQ(roundTrip(padded), padded);
  const std::vector<Point> points{{1, 2}, {3, 4}};
  EXPECT_EQ(roundTrip(points), points);
  EXPECT_EQ(serialize(points).size(), 1U + 32U);
}

TEST(SerializerTest, FieldsMacroServesPrivateMembersAndNamesThem) {
  const Account account("ada", 12);
  EXPECT_EQ(roundTrip(account), account);
  EXPECT_EQ(Account::flinkFieldNames(), "owner_, balance_");
}

TEST(SerializerTest, RecursiveTypes) {
  const Tree tree{1, {{2, {}}, {3, {{4, {}}}}}};
  EXPECT_EQ(roundTrip(tree), tree);
}

TEST(SerializerTest, ConceptsTellWhatCanTravel) {
  static_assert(Serializable<Order> && Serializable<Tree> && Serializable<Account>);
  static_assert(!Serializable<int*> && !Serializable<const int> && !Serializable<int&>);
  static_assert(!Serializable<std::unique_ptr<int>> && !Serializable<std::shared_ptr<int>>);
  static_assert(!Serializable<HoldsPointer> && !Serializable<std::vector<HoldsPointer>>);
  static_assert(!Serializable<std::string_view> && !Serializable<NoDefault> &&
                !Serializable<DerivedAccount>);
  static_assert(KeyType<std::string> && KeyType<std::pair<int, std::string>> && KeyType<Order>);
  static_assert(!KeyType<std::unordered_map<int, int>> &&
                !KeyType<std::vector<std::unordered_map<int, int>>>);
  static_assert(!KeyType<NotComparable> && Serializable<NotComparable>);
}

TEST(SerializerTest, FullSegmentIsReportedAndNothingIsWrittenPastIt) {
  const Order order{42, "a title of some length", 9.5, {{"red"}, {"thick"}}, Color::kRed, "note"};
  const std::string whole = serialize(order);
  for (std::size_t room = 0; room < whole.size(); ++room) {
    std::vector<std::byte> memory(whole.size() + 8, std::byte{0xEE});
    types::SegmentSink sink{memory.data(), memory.data() + room};
    EXPECT_FALSE(types::writeValue(order, sink)) << room;
    for (std::size_t i = room; i < memory.size(); ++i)
      ASSERT_EQ(memory[i], std::byte{0xEE}) << room;
  }
  std::vector<std::byte> exact(whole.size());
  types::SegmentSink sink{exact.data(), exact.data() + exact.size()};
  ASSERT_TRUE(types::writeValue(order, sink));
  EXPECT_EQ(sink.pos, sink.end);
  EXPECT_EQ(asText(exact), whole);
}

TEST(SerializerTest, RandomOrdersSurviveIntoReusedObjects) {
  const auto rng = makeSeededRng(20240601);
  Order reused;
  for (int i = 0; i < 2000; ++i) {
    const Order order = randomOrder(*rng);
    const std::string bytes = serialize(order);
    ASSERT_TRUE(deserialize(asBytes(bytes), reused).isOk());
    ASSERT_EQ(reused, order);
  }
}

}  // namespace
}  // namespace flink
