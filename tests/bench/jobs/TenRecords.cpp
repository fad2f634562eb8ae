#include <flink/datastream.h>

/// The smallest job: what is left is the way there and back.
FLINK_JOB("Bench TenRecords", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 10).sinkTo(flink::DiscardingSink<std::int64_t>());
  env.execute("TenRecords");
});
