// error: the member is not one of this stream's record type
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9).keyBy([](std::int64_t n) { return n; }).sum(&Order::price).print();
});
