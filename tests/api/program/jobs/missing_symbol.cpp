#include <flink/datastream.h>

int definedNowhere();

FLINK_JOB("incomplete", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, definedNowhere()).print();
});
