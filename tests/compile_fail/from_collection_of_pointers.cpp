// error: the elements cannot be serialized: use a plain struct of values (no pointers), or give the
// class FLINK_FIELDS or a flink::TypeSerializer
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromCollection(std::vector<int*>{}).addSink([](int*) {});
});
