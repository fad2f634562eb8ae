#include "dataflow/state/block_builder.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "core/types/serializer.h"

namespace flink::state {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kHasNamespaces = 1;
constexpr std::uint8_t kHasTimes = 2;
constexpr std::size_t kCountOffset = 4;
constexpr std::size_t kMaxTypeText = 64 << 10;

/// Puts twice the size of what was appended since `start`, plus one for removals, in front of it.
/// One byte was left free there.
void putSize(std::string& content, std::size_t start, bool removed) {
  const std::uint64_t mark = (content.size() - start - 1) * 2 + (removed ? 1 : 0);
  const std::size_t need = types::varintSize(mark);
  if (need > 1) content.insert(start, need - 1, '\0');
  types::putVarint(reinterpret_cast<std::byte*>(content.data()) + start, mark);
}

}  // namespace

void BlockBuilder::begin(bool delta) {
  delta_ = delta;
  content_.clear();
  full_.clear();
}

void BlockBuilder::startBlock() {
  info_.kind = delta_ ? header_.deltaKind : header_.baseKind;
  info_.stateName = header_.stateName;
  info_.firstKeyGroup = std::numeric_limits<std::uint32_t>::max();
  info_.lastKeyGroup = 0;
  info_.numEntries = 0;
  content_.reserve(SnapshotSink::kTargetBlockBytes + (SnapshotSink::kTargetBlockBytes >> 4U));
  content_.push_back(static_cast<char>(kVersion));
  content_.push_back(static_cast<char>((header_.withNamespaces ? kHasNamespaces : 0) |
                                       (header_.withTimes ? kHasTimes : 0)));
  content_.push_back(static_cast<char>(header_.stateKind));
  content_.append(1 + sizeof(std::uint32_t), '\0');
  types::appendTo(content_, header_.keyType);
  types::appendTo(content_, header_.valueType);
}

void BlockBuilder::finishBlock() {
  const auto count = static_cast<std::uint32_t>(info_.numEntries);
  std::memcpy(content_.data() + kCountOffset, &count, sizeof count);
  full_.emplace_back(std::move(info_), std::move(content_));
  info_ = BlockInfo();
  content_ = std::string();
}

void BlockBuilder::countEntry(types::KeyHash hash) {
  const std::uint32_t group = types::keyGroupOf(hash, header_.maxParallelism);
  info_.firstKeyGroup = std::min(info_.firstKeyGroup, group);
  info_.lastKeyGroup = std::max(info_.lastKeyGroup, group);
  ++info_.numEntries;
  if (content_.size() >= SnapshotSink::kTargetBlockBytes) finishBlock();
}

void BlockBuilder::appendSpace(std::string& out, const Space& space) const {
  if (header_.withNamespaces)
    out.append(reinterpret_cast<const char*>(&space.space), sizeof space.space);
  if (layout_.spaceBytes == sizeof(Space))
    out.append(reinterpret_cast<const char*>(&space.time), sizeof space.time);
}

void BlockBuilder::addRemoval(types::KeyHash hash, std::string_view keyAndSpace) {
  if (content_.empty()) startBlock();
  const std::size_t start = content_.size();
  content_.push_back('\0');
  content_.append(keyAndSpace);
  putSize(content_, start, true);
  countEntry(hash);
}

void BlockBuilder::addEntry(types::KeyHash hash, const void* key, const Space& space,
                            const void* value) {
  if (content_.empty()) startBlock();
  const std::size_t start = content_.size();
  content_.push_back('\0');
  layout_.key->serialize(key, content_);
  appendSpace(content_, space);
  layout_.value->serialize(value, content_);
  putSize(content_, start, false);
  countEntry(hash);
}

std::string BlockBuilder::keyAndSpace(const void* key, const Space& space) const {
  std::string bytes;
  layout_.key->serialize(key, bytes);
  appendSpace(bytes, space);
  return bytes;
}

Status BlockBuilder::writeTo(SnapshotSink& sink, bool atEnd) {
  if (atEnd && !content_.empty()) finishBlock();
  for (; !full_.empty(); full_.pop_front()) {
    FLINK_RETURN_IF_ERROR(sink.writeBlock(full_.front().first, asBytes(full_.front().second)));
  }
  return Status::ok();
}

Status BlockReader::corrupt(std::string_view what) const {
  return {ErrorCode::kCorruptData,
          fmt::format("state block does not decode: {}: state={} kind={} entry={}", what,
                      info_.stateName, blockKindName(info_.kind), numRead_)};
}

Result<BlockReader> BlockReader::open(const BlockInfo& info, ByteView content) {
  BlockReader reader;
  reader.info_ = info;
  types::ByteCursor& in = reader.cursor_;
  in = types::ByteCursor(content);
  const std::byte* fixed = in.take(kCountOffset + sizeof(std::uint32_t));
  if (fixed == nullptr) return reader.corrupt("truncated header");
  const auto byteAt = [&](std::size_t i) { return static_cast<std::uint8_t>(fixed[i]); };
  if (byteAt(0) != kVersion) return reader.corrupt(fmt::format("version {}", byteAt(0)));
  if ((byteAt(1) & ~(kHasNamespaces | kHasTimes)) != 0) return reader.corrupt("unknown flags");
  if (byteAt(2) > static_cast<std::uint8_t>(StateKind::kAggregating))
    return reader.corrupt("unknown kind of state");
  if (byteAt(3) != 0) return reader.corrupt("reserved byte is not zero");
  reader.withNamespaces_ = (byteAt(1) & kHasNamespaces) != 0;
  reader.withTimes_ = (byteAt(1) & kHasTimes) != 0;
  reader.stateKind_ = static_cast<StateKind>(byteAt(2));
  std::uint32_t count = 0;
  std::memcpy(&count, fixed + kCountOffset, sizeof count);
  if (count != info.numEntries) return reader.corrupt("number of entries differs from the index");
  if (!types::readValue(in, reader.keyType_) || !types::readValue(in, reader.valueType_))
    return reader.corrupt("truncated types");
  if (std::max(reader.keyType_.size(), reader.valueType_.size()) > kMaxTypeText)
    return reader.corrupt("type text too long");
  if (count > in.remaining()) return reader.corrupt("more entries than bytes");
  reader.head_ = content.first(content.size() - in.remaining());
  return reader;
}

Result<bool> BlockReader::next(EntryView& entry) {
  if (numRead_ == info_.numEntries) {
    if (cursor_.remaining() != 0) return corrupt("bytes left over");
    return false;
  }
  ++numRead_;
  const std::byte* start = cursor_.pos;
  std::uint64_t mark = 0;
  if (!types::readVarint(cursor_, mark)) return corrupt("truncated size");
  const std::byte* bytes = cursor_.take(static_cast<std::size_t>(mark >> 1U));
  if (bytes == nullptr || mark < 2) return corrupt("size exceeds the bytes that follow");
  entry.removed = (mark & 1U) != 0;
  entry.bytes = ByteView(bytes, cursor_.pos);
  entry.whole = ByteView(start, cursor_.pos);
  return true;
}

EntryDecoder::EntryDecoder(const KeyOps& ops, std::uint32_t maxParallelism)
    : ops_(ops),
      maxParallelism_(maxParallelism),
      key_(::operator new(ops.size, std::align_val_t(ops.align))) {
  ops_.construct(key_);
}

EntryDecoder::~EntryDecoder() {
  ops_.destroy(key_);
  ::operator delete(key_, std::align_val_t(ops_.align));
}

Result<bool> EntryDecoder::next(BlockReader& block) {
  FLINK_ASSIGN_OR_RETURN(const bool any, block.next(entry_));
  if (!any) return false;
  in_ = types::ByteCursor(entry_.bytes);
  if (!ops_.deserialize(in_, key_)) return block.corrupt("key does not decode");
  hash_ = ops_.hash(key_);
  keyGroup_ = types::keyGroupOf(hash_, maxParallelism_);
  if (keyGroup_ < block.info().firstKeyGroup || keyGroup_ > block.info().lastKeyGroup)
    return block.corrupt("key outside of the block's key groups");
  space_ = Space();
  if (block.withNamespaces() && !types::readValue(in_, space_.space))
    return block.corrupt("truncated namespace");
  if (block.isTimers() && !types::readValue(in_, space_.time))
    return block.corrupt("truncated time");
  if (entry_.removed && in_.remaining() != 0) return block.corrupt("bytes left over");
  return true;
}

Status filterBlock(BlockInfo& info, std::string& content, const KeyOps& key,
                   std::uint32_t maxParallelism, types::KeyGroupRange range) {
  FLINK_ASSIGN_OR_RETURN(BlockReader block, BlockReader::open(info, asBytes(content)));
  std::string kept(asText(block.head()));
  std::uint32_t numKept = 0;
  EntryDecoder entry(key, maxParallelism);
  for (;;) {
    FLINK_ASSIGN_OR_RETURN(const bool any, entry.next(block));
    if (!any) break;
    if (!range.contains(entry.keyGroup())) continue;
    kept.append(asText(entry.view().whole));
    ++numKept;
  }
  std::memcpy(kept.data() + kCountOffset, &numKept, sizeof numKept);
  info.firstKeyGroup = std::max(info.firstKeyGroup, range.first);
  info.lastKeyGroup = std::min(info.lastKeyGroup, range.last);
  info.numEntries = numKept;
  content = numKept == 0 ? std::string() : std::move(kept);
  return Status::ok();
}

}  // namespace flink::state
