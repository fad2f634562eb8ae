#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "tests/simulation/kernel.h"
#include "tests/simulation/outside_store.h"

namespace flink::simulation {

/// What the sources of the simulated job give.
struct Event {
  std::int64_t key = 0;
  std::int64_t time = 0;
  std::int64_t value = 0;
};

// Kinds of outcomes.
inline constexpr std::int64_t kRunningCount = 1;  ///< per record: the how manieth of its key
inline constexpr std::int64_t kTimerCount = 2;    ///< per timer: records of its key and period
inline constexpr std::int64_t kWindowSum = 3;     ///< per window and key
inline constexpr std::int64_t kMatched = 4;       ///< per pair of periods of the two inputs

/// Sizes of the job.
struct Workload {
  std::int64_t eventsPerSubtask = 2000;  ///< of the first source; the second one has half as many
  int parallelism = 2;
  std::int64_t numKeys = 50;
  std::int64_t disorderMs = 20;
  std::int64_t periodMs = 200;  ///< of timers and windows

  [[nodiscard]] std::vector<std::string> toArguments() const;
  /// What the sources give, all subtasks together.
  [[nodiscard]] std::vector<Event> events(int source) const;
  [[nodiscard]] std::int64_t numEvents() const { return eventsPerSubtask * parallelism * 3 / 2; }
};
/// The n-th event of a source.
Event eventOf(const Workload& workload, int source, std::int64_t n);

/// What the job gives, by the reference interpreter.
std::map<Outcome, std::int64_t> expectedOutcomes(const Workload& workload);

inline constexpr const char* kProgramName = "simulated job";

/// What the running simulation's program works with.
struct Surroundings {
  OutsideStore* store = nullptr;
  Duration perEvent = std::chrono::microseconds(20);  ///< what a source takes for one
  /// Sources hurry once all faults have happened; until then they dawdle at the end.
  bool released = false;
};
Surroundings& surroundings();

}  // namespace flink::simulation
