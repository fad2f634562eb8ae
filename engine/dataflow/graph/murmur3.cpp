#include "dataflow/graph/murmur3.h"

#include <bit>
#include <cstring>

namespace flink::graph {

namespace {

constexpr std::uint64_t kC1 = 0x87c37b91114253d5ULL;
constexpr std::uint64_t kC2 = 0x4cf5ad432745937fULL;
constexpr std::size_t kBlock = 16;

std::uint64_t mixFirst(std::uint64_t k) {
  return std::rotl(k * kC1, 31) * kC2;
}
std::uint64_t mixSecond(std::uint64_t k) {
  return std::rotl(k * kC2, 33) * kC1;
}

std::uint64_t finalize(std::uint64_t k) {
  k = (k ^ (k >> 33U)) * 0xff51afd7ed558ccdULL;
  k = (k ^ (k >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
  return k ^ (k >> 33U);
}

}  // namespace

std::array<std::uint8_t, 16> murmur3(std::string_view data) {
  std::uint64_t h1 = 0;
  std::uint64_t h2 = 0;
  std::size_t offset = 0;
  for (; offset + kBlock <= data.size(); offset += kBlock) {
    std::uint64_t words[2];
    std::memcpy(words, data.data() + offset, kBlock);
    h1 = (std::rotl(h1 ^ mixFirst(words[0]), 27) + h2) * 5 + 0x52dce729;
    h2 = (std::rotl(h2 ^ mixSecond(words[1]), 31) + h1) * 5 + 0x38495ab5;
  }
  std::uint64_t rest[2] = {0, 0};
  std::memcpy(rest, data.data() + offset, data.size() - offset);
  h1 ^= mixFirst(rest[0]);
  h2 ^= mixSecond(rest[1]);
  h1 ^= data.size();
  h2 ^= data.size();
  h1 += h2;
  h2 += h1;
  h1 = finalize(h1);
  h2 = finalize(h2);
  h1 += h2;
  h2 += h1;
  std::array<std::uint8_t, 16> hash{};
  std::memcpy(hash.data(), &h1, sizeof h1);
  std::memcpy(hash.data() + sizeof h1, &h2, sizeof h2);
  return hash;
}

}  // namespace flink::graph
