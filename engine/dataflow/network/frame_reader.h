#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "dataflow/network/buffer.h"
#include "dataflow/network/frame.h"

namespace flink::network {

/// Gets the frames that a FrameReader finds. An error ends the connection.
class FrameSink {
 public:
  /// Where the content of a buffer frame goes; an invalid buffer skips it.
  virtual Result<Buffer> onBufferStart(const FrameHeader& header) = 0;
  virtual Status onBufferComplete(const FrameHeader& header, Buffer buffer) = 0;
  /// Any other frame, whole.
  virtual Status onFrame(const FrameHeader& header, ByteView payload) = 0;

 protected:
  ~FrameSink() = default;
};

/// Cuts a byte stream into frames. Small frames come through a staging area, many per read; the
/// content of a large buffer is read straight into its segment, and the next header along with it.
/// Thread: the connection's io thread.
class FrameReader {
 public:
  FrameReader(FrameReaderSide side, std::uint32_t segmentBytes, std::size_t stagingBytes,
              FrameSink& sink);

  /// Where the next read goes; valid until onRead().
  MutableByteView target();
  /// Takes `size` bytes that were read into target(). Errors: of the frames and of the sink.
  Status onRead(std::size_t size);

 private:
  /// Takes as many frames as are there.
  Status parse();
  Status parseBuffer();
  [[nodiscard]] std::size_t staged() const { return end_ - begin_; }

  const FrameReaderSide side_;
  const std::uint32_t segmentBytes_;
  FrameSink& sink_;
  std::vector<std::byte> staging_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  /// The buffer frame whose content is being read.
  FrameHeader header_;
  Buffer buffer_;
  bool inBuffer_ = false;
  std::size_t filled_ = 0;
  bool direct_ = false;  ///< target() is inside the segment
};

}  // namespace flink::network
