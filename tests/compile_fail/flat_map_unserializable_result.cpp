// error: flatMap() collects records that cannot be serialized: use a plain struct of values (no
// pointers), or give the class FLINK_FIELDS or a flink::TypeSerializer
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9).flatMap(
      [](std::int64_t, flink::Collector<Opaque>& out) { out.collect(Opaque()); });
});
