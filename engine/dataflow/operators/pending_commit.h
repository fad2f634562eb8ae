#pragma once

#include <cstdint>
#include <string>

namespace flink::operators {

/// A committable on its way, serialized.
struct PendingCommit {
  enum class State : std::uint8_t { kReceived, kRetry, kFailed, kCommitted, kAlreadyCommitted };
  std::string committable;
  int retries = 0;
  State state = State::kReceived;
  std::string reason = {};  ///< of kFailed
};

}  // namespace flink::operators
