#pragma once

#include <cstdint>
#include <string_view>

namespace flink::config {

/// Whom a key speaks to when a client gives it along with a job.
enum class KeyScope : std::uint8_t {
  kJob,      ///< travels with the job and takes effect for it
  kClient,   ///< read by flinkctl itself
  kCluster,  ///< read by JobManager and TaskManagers when they start; a job cannot change it
};
[[nodiscard]] KeyScope scopeOf(std::string_view key);

}  // namespace flink::config
