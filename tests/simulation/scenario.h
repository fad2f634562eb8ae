#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/reference/stream.h"

namespace flink::simulation {

/// How one simulated run went.
struct Verdict {
  std::uint64_t seed = 0;
  std::uint64_t traceHash = 0;
  std::uint64_t steps = 0;
  std::int64_t records = 0;
  std::int64_t checkpoints = 0;  ///< completed
  std::int64_t failovers = 0;    ///< restores from a checkpoint
  std::int64_t simulatedMs = 0;
  std::string faults;  ///< what happened, in words
  reference::Difference difference;
  std::vector<std::string> violations;  ///< empty: everything was as it has to be
};

/// Runs the job of program.h on a simulated cluster under faults, all chosen by the seed, and
/// compares what its sink made visible with the reference interpreter. A run in which too little
/// happened (fewer than 3 checkpoints, no failover) counts as violated too.
/// Thread: one run at a time.
Verdict runScenario(std::uint64_t seed);

}  // namespace flink::simulation
