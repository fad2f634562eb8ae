#include <limits>
#include <utility>

#include <fmt/format.h>
#include <lz4.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "dataflow/checkpoint/state_file.h"
#include "dataflow/checkpoint/state_file_format.h"

namespace flink::checkpoint {
namespace {

/// The LZ4 form of `content` in `scratch`, or `content` where that does not make it smaller.
ByteView compressed(ByteView content, std::string& scratch) {
  if (content.size() < 2) return content;
  scratch.resize(content.size() - 1);
  const int size =
      LZ4_compress_default(reinterpret_cast<const char*>(content.data()), scratch.data(),
                           static_cast<int>(content.size()), static_cast<int>(scratch.size()));
  return size > 0 ? asBytes({scratch.data(), static_cast<std::size_t>(size)}) : content;
}

std::string blockHeader(std::uint32_t ordinal, const OperatorId& id, const state::BlockInfo& info,
                        bool isCompressed, std::size_t rawBytes, std::size_t storedBytes) {
  std::string header;
  header.reserve(format::kBlockHeaderBytes + info.stateName.size() + format::kChecksumBytes);
  format::put(header, format::kBlockMark);
  format::put(header, ordinal);
  header.append(id.bytes());
  format::put(header, static_cast<std::uint8_t>(info.kind));
  format::put(header, static_cast<std::uint8_t>(isCompressed ? 1 : 0));
  format::put(header, static_cast<std::uint16_t>(info.stateName.size()));
  format::put(header, info.firstKeyGroup);
  format::put(header, info.lastKeyGroup);
  format::put(header, info.numEntries);
  format::put(header, static_cast<std::uint32_t>(rawBytes));
  format::put(header, static_cast<std::uint32_t>(storedBytes));
  header.append(info.stateName);
  return header;
}

}  // namespace

StateFileWriter::StateFileWriter(FileSystem& files, std::string directory, FileScope scope,
                                 StateFileId id, StateFileOptions options)
    : files_(files), directory_(std::move(directory)), options_(options) {
  written_.file.id = id;
  written_.file.scope = scope;
}

void StateFileWriter::beginOperator(const OperatorId& id, bool coordinator) {
  begun_ = true;
  forCoordinator_ = coordinator;
  for (std::size_t i = 0; i < written_.operators.size(); ++i) {
    if (written_.operators[i].id != id) continue;
    current_ = i;
    return;
  }
  current_ = written_.operators.size();
  written_.operators.push_back({id, {}, {}});
}

Status StateFileWriter::append(ByteView bytes) {
  size_ += bytes.size();
  if (durable_ == nullptr) {
    buffer_.append(asText(bytes));
    if (buffer_.size() < options_.inlineThresholdBytes) return Status::ok();
    const std::string name = written_.file.id.toHex();
    written_.file.path = fmt::format("{}/{}", directory_, name);
    FLINK_ASSIGN_OR_RETURN(durable_, DurableFile::create(files_, written_.file.path, "state"));
    return durable_->append(asBytes(std::exchange(buffer_, {})));
  }
  return durable_->append(bytes);
}

Status StateFileWriter::begin() {
  if (size_ > 0) return Status::ok();
  std::string header(format::kStateFileMagic);
  format::put(header, format::kVersion);
  format::put(header, std::uint32_t{0});
  header.append(written_.file.id.bytes());
  format::put(header, checksumOf(asBytes(header), format::seedOf(written_.file.id, 0)));
  return append(asBytes(header));
}

Status StateFileWriter::writeBlock(const state::BlockInfo& info, ByteView content) {
  FLINK_CHECK(begun_, "a block belongs to an operator");
  if (failure_.isOk()) failure_ = appendBlock(info, content);
  return failure_;
}

Status StateFileWriter::appendBlock(const state::BlockInfo& info, ByteView content) {
  FLINK_CHECK(info.stateName.size() <= std::numeric_limits<std::uint16_t>::max(),
              "a state's name is bounded");
  if (content.size() > kMaxBlockBytes) {
    return {ErrorCode::kLimitExceeded,
            fmt::format("an entry of the state is too large for a checkpoint: state={} bytes={} "
                        "limit={}",
                        info.stateName, content.size(), kMaxBlockBytes)};
  }
  FLINK_RETURN_IF_ERROR(begin());
  const ByteView stored = options_.compress ? compressed(content, scratch_) : content;
  BlockRef ref;
  ref.kind = info.kind;
  ref.stateName = info.stateName;
  ref.firstKeyGroup = info.firstKeyGroup;
  ref.lastKeyGroup = info.lastKeyGroup;
  ref.numEntries = info.numEntries;
  ref.offset = size_;
  std::string header = blockHeader(numBlocks_, written_.operators[current_].id, info,
                                   stored.data() != content.data(), content.size(), stored.size());
  const std::uint64_t headerChecksum =
      checksumOf(asBytes(header), format::seedOf(written_.file.id, size_));
  format::put(header, headerChecksum);
  ref.checksum = checksumOf(stored, headerChecksum);
  FLINK_RETURN_IF_ERROR(append(asBytes(header)));
  FLINK_RETURN_IF_ERROR(append(stored));
  FLINK_RETURN_IF_ERROR(append(std::as_bytes(std::span(&ref.checksum, 1))));
  ref.length = size_ - ref.offset;
  ++numBlocks_;
  OperatorSnapshot& target = written_.operators[current_];
  (forCoordinator_ ? target.coordinatorBlocks : target.blocks).push_back(std::move(ref));
  return Status::ok();
}

Result<WrittenStateFile> StateFileWriter::finish() {
  FLINK_RETURN_IF_ERROR(failure_);
  FLINK_RETURN_IF_ERROR(begin());
  const std::uint64_t offset = size_;
  std::string end;
  format::put(end, format::kEndMark);
  format::put(end, numBlocks_);
  format::put(end, offset + format::kFileEndBytes);
  format::put(end, checksumOf(asBytes(end), format::seedOf(written_.file.id, offset)));
  FLINK_RETURN_IF_ERROR(append(asBytes(end)));
  if (durable_ == nullptr) {
    written_.file.size = buffer_.size();
    written_.file.digest = digestOf(asBytes(buffer_));
    written_.file.inlined = std::move(buffer_);
    return std::move(written_);
  }
  FLINK_ASSIGN_OR_RETURN(const WrittenFile durable, durable_->commit());
  durable_.reset();
  written_.file.size = durable.size;
  written_.file.digest = durable.digest;
  return std::move(written_);
}

}  // namespace flink::checkpoint
