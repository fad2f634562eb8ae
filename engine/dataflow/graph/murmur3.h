#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace flink::graph {

/// MurmurHash3 x64 128 with seed 0, its two words in little-endian order: what Flink derives
/// operator ids with.
[[nodiscard]] std::array<std::uint8_t, 16> murmur3(std::string_view data);

}  // namespace flink::graph
