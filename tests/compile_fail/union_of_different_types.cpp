// error: union_() takes streams of the same record type; map() them alike first
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9).union_(env.fromElements("a"));
});
