#pragma once

#include <cstdint>
#include <string>

#include "programs.h"
#include "script.h"

namespace flink::conformance {

enum class Verdict : std::uint8_t { kPassed, kFailed, kSkipped };

struct CaseOutcome {
  Verdict verdict = Verdict::kFailed;
  std::string reason;   ///< one line: why it failed or was skipped
  std::string details;  ///< what differs
};

/// Plays a case's script on the program of its group and name, and compares.
CaseOutcome runCase(const Case& played, const Programs& programs);

}  // namespace flink::conformance
