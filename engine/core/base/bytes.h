#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace flink {

/// Owned raw bytes (a std::string: cheap to move, small ones are stored inline).
using Bytes = std::string;
using ByteView = std::span<const std::byte>;
using MutableByteView = std::span<std::byte>;

inline ByteView asBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view asText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace flink
