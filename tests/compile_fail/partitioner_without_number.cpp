// error: partitionCustom() needs a partitioner of a key and a number: int f(const K&, int
// numPartitions)
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9)
      .partitionCustom([](std::int64_t key) { return int(key); }, [](std::int64_t n) { return n; })
      .print();
});
