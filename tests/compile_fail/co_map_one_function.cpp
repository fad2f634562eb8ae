// error: connected streams need a function for each stream: map(f, g), flatMap(f, g), or a
// CoMapFunction or CoFlatMapFunction
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9)
      .connect(env.fromElements("a"))
      .map([](std::int64_t n) { return n; })
      .print();
});
