#pragma once

#include <string>

namespace flink::state {

/// kStateNoKey, thrown. `stateName`: of the state or timer queue.
[[noreturn]] void throwNoKey(const std::string& stateName);

}  // namespace flink::state
