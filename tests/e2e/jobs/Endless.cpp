#include <flink/datastream.h>

// Runs until it is cancelled: two vertices with an exchange between them.
FLINK_JOB("Endless", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(0, std::numeric_limits<std::int64_t>::max() - 1)
      .keyBy([](std::int64_t n) { return n % 1000; })
      .sum()
      .filter([](std::int64_t) { return false; })
      .print();
  env.execute("Endless");
});
