#pragma once

#include <cstdint>
#include <vector>

namespace flink::metrics {

/// The value below which `share` (0..1) of the sorted values lie, estimated between neighbours as
/// Flink's histogram does. REQUIRES: there is a value.
[[nodiscard]] double quantile(const std::vector<std::int64_t>& sorted, double share);

}  // namespace flink::metrics
