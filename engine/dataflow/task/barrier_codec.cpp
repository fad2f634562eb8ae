#include "dataflow/task/barrier_codec.h"

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/types/serializer.h"

namespace flink::task {

network::ChannelEvent encodeBarrier(const CheckpointBarrier& barrier) {
  network::ChannelEvent event;
  event.type = network::ChannelEvent::Type::kCheckpointBarrier;
  event.checkpointId = static_cast<std::uint64_t>(barrier.id);
  event.timestampMs = barrier.timestampMs;
  event.options = static_cast<std::uint8_t>(barrier.kind);
  event.payload = types::serialize(barrier.location);
  return event;
}

Result<CheckpointBarrier> decodeBarrier(const network::ChannelEvent& event) {
  CheckpointBarrier barrier;
  barrier.id = static_cast<checkpoint::CheckpointId>(event.checkpointId);
  barrier.timestampMs = event.timestampMs;
  if (event.options > static_cast<std::uint8_t>(checkpoint::SnapshotKind::kTerminateSavepoint)) {
    return Status(ErrorCode::kCorruptData, fmt::format("unknown kind of checkpoint: kind={} id={}",
                                                       event.options, barrier.id));
  }
  barrier.kind = static_cast<checkpoint::SnapshotKind>(event.options);
  FLINK_RETURN_IF_ERROR(types::deserialize(asBytes(event.payload), barrier.location));
  return barrier;
}

}  // namespace flink::task
