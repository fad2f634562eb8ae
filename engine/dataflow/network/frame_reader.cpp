#include "dataflow/network/frame_reader.h"

#include <algorithm>
#include <cstring>

namespace flink::network {
namespace {
/// From here on a read of its own is cheaper than a copy.
constexpr std::size_t kMinDirectBytes = 4 << 10;
}  // namespace

FrameReader::FrameReader(FrameReaderSide side, std::uint32_t segmentBytes, std::size_t stagingBytes,
                         FrameSink& sink)
    : side_(side),
      segmentBytes_(segmentBytes),
      sink_(sink),
      staging_(std::max(stagingBytes, kFrameHeaderBytes + kMaxErrorBytes)) {}

MutableByteView FrameReader::target() {
  const std::size_t rest = inBuffer_ ? header_.length - filled_ : 0;
  direct_ = rest >= kMinDirectBytes && buffer_.valid();
  if (direct_) {
    // Staging is empty here: whatever it held belonged to this buffer.
    const std::size_t room =
        std::min<std::size_t>(rest + kFrameHeaderBytes, segmentBytes_ - filled_);
    return {buffer_.data() + filled_, room};
  }
  if (begin_ > 0) {
    std::memmove(staging_.data(), staging_.data() + begin_, staged());
    end_ -= begin_;
    begin_ = 0;
  }
  return {staging_.data() + end_, staging_.size() - end_};
}

Status FrameReader::onRead(std::size_t size) {
  if (direct_) {
    const std::size_t mine = std::min<std::size_t>(size, header_.length - filled_);
    const std::size_t beyond = size - mine;
    begin_ = 0;
    end_ = beyond;
    if (beyond > 0) std::memcpy(staging_.data(), buffer_.data() + header_.length, beyond);
    filled_ += mine;
  } else {
    end_ += size;
  }
  return parse();
}

Status FrameReader::parse() {
  while (true) {
    if (inBuffer_) {
      FLINK_RETURN_IF_ERROR(parseBuffer());
      if (inBuffer_) return Status::ok();
      continue;
    }
    if (staged() < kFrameHeaderBytes) return Status::ok();
    FLINK_ASSIGN_OR_RETURN(header_,
                           decodeFrameHeader(staging_.data() + begin_, side_, segmentBytes_));
    if (header_.type == FrameType::kBuffer) {
      begin_ += kFrameHeaderBytes;
      FLINK_ASSIGN_OR_RETURN(buffer_, sink_.onBufferStart(header_));
      inBuffer_ = true;
      filled_ = 0;
      continue;
    }
    if (staged() < kFrameHeaderBytes + header_.length) return Status::ok();
    const ByteView payload(staging_.data() + begin_ + kFrameHeaderBytes, header_.length);
    begin_ += kFrameHeaderBytes + header_.length;
    FLINK_RETURN_IF_ERROR(sink_.onFrame(header_, payload));
  }
}

Status FrameReader::parseBuffer() {
  const std::size_t size = std::min<std::size_t>(staged(), header_.length - filled_);
  if (size > 0) {
    if (buffer_.valid()) std::memcpy(buffer_.data() + filled_, staging_.data() + begin_, size);
    begin_ += size;
    filled_ += size;
  }
  if (filled_ < header_.length) return Status::ok();
  inBuffer_ = false;
  if (!buffer_.valid()) return Status::ok();
  return sink_.onBufferComplete(header_, std::move(buffer_));
}

}  // namespace flink::network
