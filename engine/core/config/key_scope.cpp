#include "core/config/key_scope.h"

#include <algorithm>
#include <iterator>

namespace flink::config {
namespace {

/// Beginnings of keys; a whole key is its own beginning.
constexpr std::string_view kOfJobs[] = {
    "execution.",
    "parallelism.",
    "pipeline.",
    "restart-strategy",
    "slot.request.timeout",
    "state.",
    "table.",
    "task.cancellation.timeout",
    // The client writes these two into the job's edges.
    "taskmanager.network.batch-shuffle.compression.enabled",
    "taskmanager.network.compression.enable",
};
constexpr std::string_view kOfClients[] = {
    "client.", "config.strict", "env.", "jobmanager.rpc.address", "jobmanager.rpc.port",
};

template <std::size_t N>
bool beginsWithOneOf(std::string_view key, const std::string_view (&beginnings)[N]) {
  return std::any_of(std::begin(beginnings), std::end(beginnings),
                     [key](std::string_view beginning) { return key.starts_with(beginning); });
}

}  // namespace

KeyScope scopeOf(std::string_view key) {
  if (beginsWithOneOf(key, kOfJobs)) return KeyScope::kJob;
  if (beginsWithOneOf(key, kOfClients)) return KeyScope::kClient;
  return KeyScope::kCluster;
}

}  // namespace flink::config
