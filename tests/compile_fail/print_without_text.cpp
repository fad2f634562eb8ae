// error: give the record type an operator<< or a toString() to print it
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromCollection(std::vector<Sealed>{}).print();
});
