#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/base/log.h"
#include "tests/simulation/scenario.h"

namespace flink::simulation {
namespace {

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t seeds = 30;
  std::uint64_t replayEvery = 50;
  bool verbose = false;
  bool logs = false;
  bool untilViolation = false;
  bool ok = true;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto number = [&]() -> std::uint64_t {
      if (i + 1 < argc) {
        char* end = nullptr;
        const std::uint64_t value = std::strtoull(argv[++i], &end, 10);
        if (*end == '\0') return value;
      }
      arguments.ok = false;
      return 0;
    };
    if (name == "--seeds") {
      arguments.seeds = number();
    } else if (name == "--first") {
      arguments.first = number();
    } else if (name == "--replay-every") {
      arguments.replayEvery = number();
    } else if (name == "--until-violation") {
      arguments.untilViolation = true;
    } else if (name == "--logs") {
      arguments.logs = true;
    } else if (name == "-v" || name == "--verbose") {
      arguments.verbose = true;
    } else {
      arguments.ok = false;
    }
  }
  return arguments;
}

std::string describe(const Verdict& verdict) {
  std::string text =
      fmt::format("seed={} hash={:016x} steps={} simulatedMs={} checkpoints={} failovers={} [{}]",
                  verdict.seed, verdict.traceHash, verdict.steps, verdict.simulatedMs,
                  verdict.checkpoints, verdict.failovers, verdict.faults);
  for (const std::string& violation : verdict.violations) text += "\n  VIOLATION " + violation;
  return text;
}

/// Runs the seed in a process of its own and compares the traces.
bool replays(const char* program, const Verdict& verdict) {
  const std::string command =
      fmt::format("'{}' --first {} --seeds 1 --replay-every 0 -v", program, verdict.seed);
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return false;
  std::string output;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
    output.push_back(static_cast<char>(c));
  ::pclose(pipe);
  return output.find(fmt::format("hash={:016x} ", verdict.traceHash)) != std::string::npos;
}

int run(const char* program, const Arguments& arguments) {
  std::uint64_t violated = 0, replayed = 0, different = 0, seeds = 0;
  std::int64_t checkpoints = 0, failovers = 0, records = 0;
  reference::Difference all;
  for (std::uint64_t i = 0; i < arguments.seeds; ++i) {
    const Verdict verdict = runScenario(arguments.first + i);
    ++seeds;
    checkpoints += verdict.checkpoints;
    failovers += verdict.failovers;
    records += verdict.records;
    all.lost += verdict.difference.lost;
    all.duplicated += verdict.difference.duplicated;
    all.corrupted += verdict.difference.corrupted;
    violated += verdict.violations.empty() ? 0 : 1;
    if (arguments.verbose || !verdict.violations.empty()) fmt::print("{}\n", describe(verdict));
    std::fflush(stdout);
    if (arguments.replayEvery > 0 && i % arguments.replayEvery == 0) {
      ++replayed;
      if (!replays(program, verdict)) {
        ++different;
        fmt::print("seed={} VIOLATION another process has another trace\n", verdict.seed);
      }
    }
    if (arguments.untilViolation && violated + different > 0) break;
  }
  fmt::print(
      "records={} checkpoints={} failovers={} replayed={} lost={} duplicated={} corrupted={}\n",
      records, checkpoints, failovers, replayed, all.lost, all.duplicated, all.corrupted);
  fmt::print("{} seeds, {} violations\n", seeds, violated + different);
  return violated + different == 0 ? 0 : 1;
}

}  // namespace
}  // namespace flink::simulation

int main(int argc, char** argv) {
  using namespace flink;
  const auto arguments = simulation::parse(argc, argv);
  if (!arguments.ok) {
    fmt::print(stderr,
               "usage: {} [--first SEED] [--seeds N] [--replay-every N] [--until-violation] "
               "[--verbose] [--logs]\n",
               argv[0]);
    return 2;
  }
  LogSettings logs;
  logs.rootLevel = arguments.logs ? LogLevel::kDebug : LogLevel::kOff;
  configureLogging(logs);
  return simulation::run(argv[0], arguments);
}
