// error: addSink()'s function returns a value, which nobody takes; return void
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9).addSink([](std::int64_t n) { return n; });
});
