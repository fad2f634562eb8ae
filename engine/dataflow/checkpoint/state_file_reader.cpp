#include <utility>

#include <fmt/format.h>
#include <lz4.h>

#include "core/base/error_codes.h"
#include "dataflow/checkpoint/state_file.h"
#include "dataflow/checkpoint/state_file_format.h"

namespace flink::checkpoint {
namespace {

/// Reads from memory what would otherwise be a file.
class InlinedFile final : public ReadableFile {
 public:
  explicit InlinedFile(std::string_view content) : content_(content) {}
  Result<std::size_t> readAt(std::uint64_t offset, MutableByteView out) override {
    if (offset >= content_.size()) return std::size_t{0};
    const std::size_t size = std::min<std::size_t>(out.size(), content_.size() - offset);
    std::memcpy(out.data(), content_.data() + offset, size);
    return size;
  }
  [[nodiscard]] std::uint64_t size() const override { return content_.size(); }

 private:
  const std::string_view content_;
};

std::string placeName(std::uint64_t offset) {
  return fmt::format("at byte {}", offset);
}

std::string placeName(const BlockRef& ref) {
  return fmt::format("of state '{}' at byte {}", ref.stateName, ref.offset);
}

bool knownKind(std::uint8_t kind) {
  return kind >= static_cast<std::uint8_t>(state::BlockKind::kKeyedBase) &&
         kind <= static_cast<std::uint8_t>(state::BlockKind::kRaw);
}

/// LZ4 never shrinks more than this; a header that claims more lies.
constexpr std::uint64_t kMaxLz4Ratio = 255;

}  // namespace

StateFileReader::StateFileReader(const StateFile& file)
    : id_(file.id),
      size_(file.size),
      digest_(file.digest),
      name_(file.path.empty()
                ? fmt::format("{} (inlined in {})", file.id.toHex(), kMetadataFileName)
                : file.path),
      inlined_(file.inlined) {}

Result<std::unique_ptr<StateFileReader>> StateFileReader::open(FileSystem& files,
                                                               const StateFile& file) {
  std::unique_ptr<StateFileReader> reader(new StateFileReader(file));
  if (file.path.empty()) {
    reader->file_ = std::make_unique<InlinedFile>(reader->inlined_);
  } else {
    Result<std::unique_ptr<ReadableFile>> opened = files.openRead(file.path);
    if (!opened.isOk()) {
      if (opened.status().code() != ErrorCode::kFileNotFound) return std::move(opened).status();
      return reader->corrupt("all", "the file is missing");
    }
    reader->file_ = std::move(opened).value();
  }
  FLINK_RETURN_IF_ERROR(reader->checkEnds());
  return reader;
}

Status StateFileReader::corrupt(const std::string& block, std::string_view why) const {
  return {ErrorCode::kCheckpointCorrupt,
          fmt::format("checkpoint is damaged: file={} block={} reason={}", name_, block, why)};
}

Status StateFileReader::readExactly(std::uint64_t offset, std::string& out, std::uint64_t size,
                                    const std::string& block) {
  const std::size_t old = out.size();
  out.resize(old + size);
  FLINK_ASSIGN_OR_RETURN(
      const std::size_t got,
      file_->readAt(offset, std::as_writable_bytes(std::span(out.data() + old, size))));
  return got == size ? Status::ok() : corrupt(block, "the file ends within it");
}

Status StateFileReader::checkEnds() {
  if (file_->size() != size_) {
    return corrupt("all", fmt::format("the file has {} bytes instead of {}", file_->size(), size_));
  }
  if (size_ < format::kFileHeaderBytes + format::kFileEndBytes)
    return corrupt("header", "the file is too short");
  std::string header;
  FLINK_RETURN_IF_ERROR(readExactly(0, header, format::kFileHeaderBytes, "header"));
  format::Cursor in(header);
  if (in.take(format::kStateFileMagic.size()) != format::kStateFileMagic)
    return corrupt("header", "this is no state file");
  if (const auto version = in.take<std::uint32_t>(); version != format::kVersion)
    return corrupt("header", fmt::format("unknown version {}", version));
  if (in.take<std::uint32_t>() != 0) return corrupt("header", "unknown flags");
  if (in.take(StateFileId::kSize) != id_.bytes())
    return corrupt("header", "this is another state file");
  const ByteView summed = asBytes(header).first(format::kFileHeaderBytes - format::kChecksumBytes);
  if (in.take<std::uint64_t>() != checksumOf(summed, format::seedOf(id_, 0)))
    return corrupt("header", "checksum");

  const std::uint64_t offset = size_ - format::kFileEndBytes;
  std::string end;
  FLINK_RETURN_IF_ERROR(readExactly(offset, end, format::kFileEndBytes, "end"));
  format::Cursor tail(end);
  if (tail.take<std::uint32_t>() != format::kEndMark) return corrupt("end", "no end mark");
  numBlocks_ = tail.take<std::uint32_t>();
  if (tail.take<std::uint64_t>() != size_) return corrupt("end", "wrong size");
  const ByteView summedEnd = asBytes(end).first(format::kFileEndBytes - format::kChecksumBytes);
  if (tail.take<std::uint64_t>() != checksumOf(summedEnd, format::seedOf(id_, offset)))
    return corrupt("end", "checksum");
  return Status::ok();
}

Status StateFileReader::readHeaderAt(std::uint64_t offset, const std::string& block,
                                     BlockHeader& header, std::uint64_t& headerChecksum) {
  const std::uint64_t blocksEnd = size_ - format::kFileEndBytes;
  const auto fits = [&](std::uint64_t bytes) {
    return offset <= blocksEnd && bytes <= blocksEnd - offset;
  };
  if (!fits(format::kBlockHeaderBytes + 2 * format::kChecksumBytes))
    return corrupt(block, "no block fits there");
  header_.clear();
  FLINK_RETURN_IF_ERROR(readExactly(offset, header_, format::kBlockHeaderBytes, block));
  format::Cursor in(header_);
  if (in.take<std::uint32_t>() != format::kBlockMark) return corrupt(block, "no block mark");
  header.ordinal = in.take<std::uint32_t>();
  header.operatorId = *OperatorId::fromBytes(in.take(OperatorId::kSize));
  const auto kind = in.take<std::uint8_t>();
  const auto compression = in.take<std::uint8_t>();
  const auto nameBytes = in.take<std::uint16_t>();
  header.info.firstKeyGroup = in.take<std::uint32_t>();
  header.info.lastKeyGroup = in.take<std::uint32_t>();
  header.info.numEntries = in.take<std::uint64_t>();
  header.rawBytes = in.take<std::uint32_t>();
  header.storedBytes = in.take<std::uint32_t>();
  const std::uint64_t headBytes = format::kBlockHeaderBytes + nameBytes + format::kChecksumBytes;
  header.length = headBytes + header.storedBytes + format::kChecksumBytes;
  if (!fits(header.length)) return corrupt(block, "its sizes exceed the file");
  FLINK_RETURN_IF_ERROR(readExactly(offset + format::kBlockHeaderBytes, header_,
                                    nameBytes + format::kChecksumBytes, block));
  headerChecksum = checksumOf(asBytes(header_).first(format::kBlockHeaderBytes + nameBytes),
                              format::seedOf(id_, offset));
  format::Cursor sum(std::string_view(header_).substr(format::kBlockHeaderBytes + nameBytes));
  if (sum.take<std::uint64_t>() != headerChecksum) return corrupt(block, "checksum of its header");
  if (!knownKind(kind)) return corrupt(block, "unknown kind");
  if (compression > 1) return corrupt(block, "unknown compression");
  header.info.kind = static_cast<state::BlockKind>(kind);
  header.info.stateName = header_.substr(format::kBlockHeaderBytes, nameBytes);
  header.compressed = compression == 1;
  return Status::ok();
}

Result<ByteView> StateFileReader::readBlockAt(std::uint64_t offset, std::uint32_t ordinal,
                                              BlockHeader& header, std::uint64_t& checksum) {
  const std::string block = placeName(offset);
  std::uint64_t headerChecksum = 0;
  FLINK_RETURN_IF_ERROR(readHeaderAt(offset, block, header, headerChecksum));
  if (header.ordinal != ordinal) return corrupt(block, "blocks are out of order");
  return readContent(offset, block, header, headerChecksum, checksum);
}

Result<ByteView> StateFileReader::readContent(std::uint64_t offset, const std::string& block,
                                              const BlockHeader& header,
                                              std::uint64_t headerChecksum,
                                              std::uint64_t& checksum) {
  if (header.rawBytes > kMaxBlockBytes ||
      (header.compressed ? header.rawBytes > header.storedBytes * kMaxLz4Ratio
                         : header.rawBytes != header.storedBytes)) {
    return corrupt(block, "impossible sizes");
  }
  const std::uint64_t bytes = header.storedBytes + format::kChecksumBytes;
  content_.clear();
  FLINK_RETURN_IF_ERROR(readExactly(offset + header.length - bytes, content_, bytes, block));
  const ByteView stored = asBytes(content_).first(header.storedBytes);
  checksum = checksumOf(stored, headerChecksum);
  format::Cursor sum(std::string_view(content_).substr(header.storedBytes));
  if (sum.take<std::uint64_t>() != checksum) return corrupt(block, "checksum");
  if (!header.compressed) return stored;
  raw_.resize(header.rawBytes);
  const int size =
      LZ4_decompress_safe(content_.data(), raw_.data(), static_cast<int>(header.storedBytes),
                          static_cast<int>(header.rawBytes));
  if (size < 0 || static_cast<std::uint32_t>(size) != header.rawBytes)
    return corrupt(block, "it does not decompress");
  return asBytes(raw_);
}

Result<ByteView> StateFileReader::readBlock(const OperatorId& id, const BlockRef& ref) {
  const std::string block = placeName(ref);
  BlockHeader header;
  std::uint64_t headerChecksum = 0;
  std::uint64_t checksum = 0;
  FLINK_RETURN_IF_ERROR(readHeaderAt(ref.offset, block, header, headerChecksum));
  const state::BlockInfo expected{ref.kind, ref.stateName, ref.firstKeyGroup, ref.lastKeyGroup,
                                  ref.numEntries};
  if (header.operatorId != id || header.info != expected || header.length != ref.length)
    return corrupt(block, "another block is there");
  FLINK_ASSIGN_OR_RETURN(const ByteView content,
                         readContent(ref.offset, block, header, headerChecksum, checksum));
  if (checksum != ref.checksum) return corrupt(block, "another content is there");
  return content;
}

std::uint64_t StateFileReader::firstBlock() {
  return format::kFileHeaderBytes;
}

Status StateFileReader::digest(Digester& digester, std::uint64_t offset, std::uint64_t size) {
  constexpr std::uint64_t kStepBytes = 1 << 20;
  while (size > 0) {
    const std::uint64_t step = std::min(size, kStepBytes);
    header_.clear();
    FLINK_RETURN_IF_ERROR(readExactly(offset, header_, step, placeName(offset)));
    digester.update(asBytes(header_));
    offset += step;
    size -= step;
  }
  return Status::ok();
}

Status StateFileReader::readEnd(Digester& digester, std::uint64_t offset) {
  if (offset != size_ - format::kFileEndBytes)
    return corrupt(placeName(offset), "bytes that belong to no block");
  FLINK_RETURN_IF_ERROR(digest(digester, offset, format::kFileEndBytes));
  if (digester.digest() != digest_) return corrupt("all", "digest");
  return Status::ok();
}

}  // namespace flink::checkpoint
