#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/rng.h"
#include "core/types/serializer.h"
#include "tests/core/types/counting_new.h"
#include "tests/core/types/sample_types.h"

namespace flink {
namespace {

using Everything =
    std::tuple<Order, std::vector<std::vector<std::string>>,
               std::map<std::string, std::vector<Order>>, std::variant<int, std::string, Tree>,
               std::optional<Tree>, std::vector<bool>>;

/// Memory that a value of `bytes` may cost: each byte can at most make one largest element.
constexpr std::size_t kGrowth = 4 * (sizeof(Order) + sizeof(Tree) + 128);

template <class T>
void expectBounded(const std::string& bytes) {
  T value{};
  types::ByteCursor in(asBytes(bytes));
  bool ok;
  {
    const AllocationCounter counter;
    ok = types::readValue(in, value);
    EXPECT_LE(counter.numBytes(), (bytes.size() + 64) * kGrowth);
  }
  if (ok) {
    EXPECT_LE(in.pos, in.end);
  } else {
    EXPECT_NE(in.error, nullptr);
  }
}

std::string varint(std::uint64_t value) {
  std::string text;
  types::StringSink sink{text};
  types::writeVarint(value, sink);
  return text;
}

TEST(SerializerHostileTest, CountsThatCannotBeTrueAllocateNothing) {
  for (const std::uint64_t count : {~0ULL, 1ULL << 63U, 1ULL << 40U, 1ULL << 32U, 1000000ULL}) {
    const std::string bytes = varint(count) + "abc";
    std::string text;
    std::vector<std::int64_t> numbers;
    std::vector<std::string> texts;
    std::vector<bool> bits;
    std::map<int, int> map;
    types::ByteCursor a(asBytes(bytes)), b(asBytes(bytes)), c(asBytes(bytes)), d(asBytes(bytes)),
        e(asBytes(bytes));
    const AllocationCounter counter;
    const bool any = types::readValue(a, text) || types::readValue(b, numbers) ||
                     types::readValue(c, texts) || types::readValue(d, bits) ||
                     types::readValue(e, map);
    EXPECT_EQ(counter.numAllocations(), 0U);
    EXPECT_FALSE(any);
  }
}

TEST(SerializerHostileTest, OverlongVarintsAreRefused) {
  for (const std::size_t size : {10, 11, 100}) {
    std::string bytes(size, '\xff');
    std::string text;
    EXPECT_FALSE(types::deserialize(asBytes(bytes), text).isOk());
  }
}

TEST(SerializerHostileTest, NestingIsLimited) {
  std::string bytes;
  for (int i = 0; i < 100000; ++i) bytes += std::string("\0\0\0\0\1", 5);
  bytes += std::string("\0\0\0\0\0", 5);
  Tree tree;
  const Status status = types::deserialize(asBytes(bytes), tree);
  ASSERT_FALSE(status.isOk());
  EXPECT_NE(status.message().find("nested too deep"), std::string::npos) << status.toString();
}

TEST(SerializerHostileTest, BadFlagsAndIndexesAreRefused) {
  std::optional<int> optional;
  EXPECT_FALSE(types::deserialize(asBytes(std::string("\2\0\0\0\0", 5)), optional).isOk());
  std::variant<int, bool> variant;
  EXPECT_FALSE(types::deserialize(asBytes(std::string("\2\0\0\0\0", 5)), variant).isOk());
  int number;
  EXPECT_FALSE(types::deserialize(asBytes(std::string(5, 'x')), number).isOk())
      << "a byte is left over";
}

TEST(SerializerHostileTest, EveryPrefixOfAValueIsRefused) {
  const auto rng = makeSeededRng(5);
  for (int i = 0; i < 50; ++i) {
    const std::string bytes = types::serialize(randomOrder(*rng));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      Order order;
      ASSERT_FALSE(
          types::deserialize(asBytes(std::string_view(bytes).substr(0, size)), order).isOk());
    }
  }
}

TEST(SerializerHostileTest, RandomBytesNeverCrashNorOverAllocate) {
  const auto rng = makeSeededRng(6);
  for (int i = 0; i < 20000; ++i) expectBounded<Everything>(randomText(*rng, 300));
}

TEST(SerializerHostileTest, FlippedBytesNeverCrashNorOverAllocate) {
  const auto rng = makeSeededRng(7);
  for (int i = 0; i < 5000; ++i) {
    Everything value;
    std::get<0>(value) = randomOrder(*rng);
    std::get<1>(value).resize(rng->below(4), {randomText(*rng, 30)});
    std::get<2>(value)["k"].push_back(randomOrder(*rng));
    std::get<4>(value) = Tree{1, {Tree{2, {}}, Tree{3, {Tree{}}}}};
    std::string bytes = types::serialize(value);
    for (std::uint64_t flips = 1 + rng->below(4); flips > 0; --flips) {
      bytes[rng->below(bytes.size())] = static_cast<char>(rng->next());
    }
    expectBounded<Everything>(bytes);
  }
}

}  // namespace
}  // namespace flink
