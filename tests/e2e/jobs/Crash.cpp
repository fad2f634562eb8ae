#include <flink/datastream.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace {

/// Needs more and more stack; the optimizer must not see through it.
int overflow(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

void poison(const std::string& how) {
  if (how == "segv") std::raise(SIGSEGV);
  if (how == "abort") std::abort();
  if (how == "overflow") overflow(0);
  if (how == "throw") throw std::runtime_error("the seventh record is poison");
  if (how == "hang") {
    for (volatile bool forever = true; forever;) {
    }
  }
}

}  // namespace

// Its map ends the worker in the way that --how says, at the seventh record.
FLINK_JOB("Crash", [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
  const std::string how = args.get("how", "segv");
  env.fromSequence(1, 1000)
      .map([how](std::int64_t n) {
        if (n == 7) poison(how);
        return n;
      })
      .name("Poisoned map")
      .print();
  env.execute("Crash");
});
