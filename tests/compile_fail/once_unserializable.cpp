// error: once() needs a function that returns a serializable value
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  (void)env.once("stream", [] { return Opaque(); });
});
