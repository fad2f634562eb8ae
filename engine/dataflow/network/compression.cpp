#include "dataflow/network/compression.h"

#include <fmt/format.h>
#include <lz4.h>

#include <cstring>

#include "core/base/error_codes.h"

namespace flink::network {

ByteView BufferCodec::compressed(ByteView data) {
  // Room for one byte less than the input: LZ4 gives up when the content does not shrink.
  const int room = static_cast<int>(std::min(data.size(), scratch_.size())) - 1;
  if (room <= 0) return data;
  const int size = LZ4_compress_default(reinterpret_cast<const char*>(data.data()),
                                        reinterpret_cast<char*>(scratch_.data()),
                                        static_cast<int>(data.size()), room);
  return size > 0 ? ByteView(scratch_.data(), static_cast<std::size_t>(size)) : data;
}

void BufferCodec::compress(Buffer& buffer) {
  const ByteView result = compressed(buffer.bytes());
  if (result.data() == buffer.data()) return;
  std::memcpy(buffer.data(), result.data(), result.size());
  buffer.size = static_cast<std::uint32_t>(result.size());
  buffer.flags |= buffer_flag::kCompressed;
}

Status BufferCodec::decompress(Buffer& buffer) {
  const int size = LZ4_decompress_safe(
      reinterpret_cast<const char*>(buffer.data()), reinterpret_cast<char*>(scratch_.data()),
      static_cast<int>(buffer.size), static_cast<int>(scratch_.size()));
  if (size <= 0) {
    return Status(ErrorCode::kCorruptData,
                  fmt::format("compressed buffer does not decode: bytes={}", buffer.size));
  }
  std::memcpy(buffer.data(), scratch_.data(), static_cast<std::size_t>(size));
  buffer.size = static_cast<std::uint32_t>(size);
  buffer.flags &= static_cast<std::uint8_t>(~buffer_flag::kCompressed);
  return Status::ok();
}

}  // namespace flink::network
