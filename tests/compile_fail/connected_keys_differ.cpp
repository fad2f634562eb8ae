// error: both selectors of connected streams must return the same key type
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9)
      .connect(env.fromElements("a"))
      .keyBy([](std::int64_t n) { return n; }, [](const std::string& s) { return s; });
});
