// error: sinkTo() needs a flink::Sink of this stream's record type
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9).sinkTo([](std::int64_t) {});
});
