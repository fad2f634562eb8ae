// error: assignTimestampsAndWatermarks() needs a flink::WatermarkStrategy of this stream's record
// type
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9)
      .assignTimestampsAndWatermarks(flink::WatermarkStrategy<Order>::noWatermarks())
      .print();
});
