#include "core/base/ids.h"

#include <algorithm>

#include "core/base/rng.h"

namespace flink {
namespace detail {
namespace {

int digitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string toHex(const std::uint8_t* bytes, std::size_t size) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex(2 * size, '0');
  for (std::size_t i = 0; i < size; ++i) {
    hex[2 * i] = kDigits[bytes[i] >> 4U];
    hex[2 * i + 1] = kDigits[bytes[i] & 0xFU];
  }
  return hex;
}

bool fromHex(std::string_view hex, std::uint8_t* bytes, std::size_t size) {
  if (hex.size() != 2 * size) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const int high = digitOf(hex[2 * i]);
    const int low = digitOf(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

void fillRandom(Rng& rng, std::uint8_t* bytes, std::size_t size) {
  for (std::size_t done = 0; done < size;) {
    const std::uint64_t word = rng.next();
    const std::size_t part = std::min(size - done, sizeof word);
    std::memcpy(bytes + done, &word, part);
    done += part;
  }
}

}  // namespace detail

std::string ExecutionAttemptId::toString() const {
  return job.toHex() + "_" + vertex.toHex() + "_" + std::to_string(subtask) + "_" +
         std::to_string(attempt);
}

std::string ResultPartitionId::toString() const {
  return dataSet.toHex() + "@" + producer.toString();
}

}  // namespace flink
