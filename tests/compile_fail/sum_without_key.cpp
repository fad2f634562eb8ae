// error: sum, min, max and reduce work per key: call keyBy() first
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9).sum<0>().print();
});
