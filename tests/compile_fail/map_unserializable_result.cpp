// error: map()'s result cannot be serialized: return a plain struct of values (no pointers), or
// give the class FLINK_FIELDS or a flink::TypeSerializer
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9)
      .map([](std::int64_t n) { return std::make_unique<std::int64_t>(n); })
      .addSink([](const auto&) {});
});
