#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "dataflow/network/buffer.h"

namespace flink::network {

/// Compresses and restores single buffers in place with LZ4.
/// Thread: one at a time.
class BufferCodec {
 public:
  explicit BufferCodec(std::uint32_t segmentBytes) : scratch_(segmentBytes) {}
  /// Replaces the content when LZ4 makes it smaller; otherwise leaves it alone.
  void compress(Buffer& buffer);
  /// Restores a buffer whose flags say kCompressed. Errors: kCorruptData.
  Status decompress(Buffer& buffer);
  /// Compresses `data` into the scratch space: the result, or `data` itself when it does not
  /// shrink.
  ByteView compressed(ByteView data);

 private:
  std::vector<std::byte> scratch_;
};

}  // namespace flink::network
