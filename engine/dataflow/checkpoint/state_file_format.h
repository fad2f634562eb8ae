#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "dataflow/checkpoint/checksum.h"
#include "dataflow/checkpoint/types.h"

/// Sizes and marks of FORMAT.md that writer and reader of state files share.
namespace flink::checkpoint::format {

inline constexpr std::string_view kStateFileMagic = "FLKSTATE";
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::uint32_t kBlockMark = 0x4b4c4201;  // "\1BLK"
inline constexpr std::uint32_t kEndMark = 0x444e4501;    // "\1END"

inline constexpr std::uint64_t kFileHeaderBytes = 40;
inline constexpr std::uint64_t kBlockHeaderBytes = 52;  // without the name
inline constexpr std::uint64_t kChecksumBytes = 8;
inline constexpr std::uint64_t kFileEndBytes = 24;

template <class Number>
void put(std::string& out, Number value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Takes numbers from bytes whose size was checked.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : at_(bytes.data()) {}
  template <class Number>
  Number take() {
    Number value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::string_view take(std::size_t size) {
    const std::string_view bytes(at_, size);
    at_ += size;
    return bytes;
  }

 private:
  const char* at_;
};

/// Binds a checksum to its file and to its place in it.
inline std::uint64_t seedOf(const StateFileId& id, std::uint64_t offset) {
  return checksumOf(asBytes(id.bytes()), offset);
}

}  // namespace flink::checkpoint::format
