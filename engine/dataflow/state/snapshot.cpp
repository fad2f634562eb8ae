#include "dataflow/state/snapshot.h"

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::state {

std::string_view blockKindName(BlockKind kind) {
  switch (kind) {
    case BlockKind::kKeyedBase:
      return "keyed base";
    case BlockKind::kKeyedDelta:
      return "keyed delta";
    case BlockKind::kTimers:
      return "timers";
    case BlockKind::kTimersDelta:
      return "timers delta";
    case BlockKind::kOperatorList:
      return "operator list";
    case BlockKind::kOperatorUnion:
      return "operator union list";
    case BlockKind::kBroadcast:
      return "broadcast";
    case BlockKind::kRaw:
      return "raw";
  }
  return "unknown";
}

Status checkStateName(const std::string& name) {
  if (!name.empty() && name.size() <= kMaxStateName) return Status::ok();
  return {ErrorCode::kInvalidArgument,
          fmt::format("a state's name has 1 to {} bytes: size={}", kMaxStateName, name.size())};
}

Status LimitedSnapshotSink::writeBlock(const BlockInfo& info, ByteView content) {
  numBytes_ += content.size();
  if (numBytes_ > maxBytes_) {
    return {ErrorCode::kStateTooLarge,
            fmt::format("Size of the state is larger than the maximum permitted memory-backed "
                        "state. Size={}, maxSize={}. Consider using a different checkpoint "
                        "storage, like the FileSystemCheckpointStorage: state={}",
                        numBytes_, maxBytes_, info.stateName)};
  }
  return target_.writeBlock(info, content);
}

}  // namespace flink::state
