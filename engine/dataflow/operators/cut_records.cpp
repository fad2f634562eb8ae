#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "dataflow/operators/edge_reader.h"

namespace flink::operators {

namespace {

Status corrupt(int channel, std::string_view why) {
  return {ErrorCode::kCorruptData,
          fmt::format("records of a channel do not decode: {}: channel={}", why, channel)};
}

}  // namespace

Status corruptRecord(int channel, const types::ByteCursor& in) {
  return corrupt(channel, in.error == nullptr ? "unknown reason" : in.error);
}

Result<types::StreamElement> readElement(int channel, ByteView bytes) {
  const auto element = wire::parseElement(bytes);
  if (!element) return corrupt(channel, "unknown control element");
  return *element;
}

Status CutRecords::resume(int channel, const types::SegmentView& segment, std::size_t& offset,
                          std::uint32_t& word, ByteView& complete) {
  std::string& part = parts_[static_cast<std::size_t>(channel)];
  if (segment.startsInside == part.empty()) {
    return corrupt(channel, part.empty() ? "rest of a record whose beginning is missing"
                                         : "rest of a record is missing");
  }
  if (part.empty()) return Status::ok();
  const auto take = [&](std::size_t upTo) {
    const std::size_t n = std::min(upTo - part.size(), segment.data.size() - offset);
    part.append(asText(segment.data.subspan(offset, n)));
    offset += n;
    return part.size() == upTo;
  };
  if (part.size() >= wire::kLengthBytes || take(wire::kLengthBytes)) {
    word = wire::getWord(asBytes(part).data());
    if (!wire::isValid(word)) return corrupt(channel, "record longer than the limit");
    if ((word & wire::kElement) != 0) return corrupt(channel, "control element cut in two");
    if (take(wire::kLengthBytes + wire::lengthOf(word))) {
      complete = asBytes(part).subspan(wire::kLengthBytes);
      return Status::ok();
    }
  }
  if (!segment.endsInside) return corrupt(channel, "record ends before its length");
  return Status::ok();
}

Status CutRecords::keep(int channel, const types::SegmentView& segment, std::size_t& offset) {
  if (!segment.endsInside) return corrupt(channel, "record ends before its length");
  const std::size_t left = segment.data.size() - offset;
  if (left >= wire::kLengthBytes && !wire::isValid(wire::getWord(segment.data.data() + offset)))
    return corrupt(channel, "record longer than the limit");
  parts_[static_cast<std::size_t>(channel)].assign(asText(segment.data.subspan(offset)));
  offset = segment.data.size();
  return Status::ok();
}

void CutRecords::drop(int channel) {
  std::string& part = parts_[static_cast<std::size_t>(channel)];
  if (part.capacity() > wire::kKeptLargeBytes) std::string().swap(part);
  part.clear();
}

}  // namespace flink::operators
