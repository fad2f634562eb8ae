// error: reduce() needs a function of two records of this stream that returns one: T f(const T&,
// const T&)
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9)
      .keyBy([](std::int64_t n) { return n; })
      .reduce([](std::int64_t, std::int64_t) { return std::string(); })
      .print();
});
