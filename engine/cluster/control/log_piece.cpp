#include "cluster/control/log_piece.h"

#include <algorithm>
#include <span>

namespace flink::control {

Result<protocol::ReadLogRequest::Response> readLogPiece(FileSystem& files, const std::string& path,
                                                        std::int64_t offset,
                                                        std::int32_t maxBytes) {
  constexpr std::int64_t kMaxBytes = 4 << 20;
  FLINK_ASSIGN_OR_RETURN(const auto file, files.openRead(path));
  protocol::ReadLogRequest::Response piece;
  piece.fileSize = static_cast<std::int64_t>(file->size());
  piece.offset = offset < 0 ? std::max<std::int64_t>(0, piece.fileSize + offset)
                            : std::min(offset, piece.fileSize);
  const std::int64_t length =
      std::clamp<std::int64_t>(maxBytes, 0, std::min(kMaxBytes, piece.fileSize - piece.offset));
  piece.data.resize(static_cast<std::size_t>(length));
  FLINK_ASSIGN_OR_RETURN(const std::size_t got,
                         file->readAt(static_cast<std::uint64_t>(piece.offset),
                                      std::as_writable_bytes(std::span(piece.data))));
  piece.data.resize(got);
  return piece;
}

}  // namespace flink::control
