#pragma once

#include "core/base/result.h"
#include "dataflow/network/network_environment.h"
#include "dataflow/task/task_checkpoint.h"

namespace flink::task {

/// A barrier as it travels between tasks.
[[nodiscard]] network::ChannelEvent encodeBarrier(const CheckpointBarrier& barrier);
/// Errors: kCorruptData.
[[nodiscard]] Result<CheckpointBarrier> decodeBarrier(const network::ChannelEvent& event);

}  // namespace flink::task
