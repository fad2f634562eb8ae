// error: both functions of a connected map() must return the same type
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9)
      .connect(env.fromElements("a"))
      .map([](std::int64_t n) { return n; }, [](const std::string& s) { return s; })
      .print();
});
