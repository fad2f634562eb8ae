// error: keyBy()'s function returns nothing; it must return the key
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9).keyBy([](std::int64_t) {}).sum<0>().print();
});
