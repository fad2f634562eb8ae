// error: fromElements() needs elements of one type
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromElements(1, "a").print();
});
