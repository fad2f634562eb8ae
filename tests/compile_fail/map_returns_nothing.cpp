// error: map()'s function returns nothing; to emit none or several records use flatMap() or
// filter()
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9).map([](std::int64_t) {}).print();
});
