// error: name the field by index, sum<1>(), by member, sum(&Order::price), or by position, sum(1)
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromCollection(std::vector<Order>{}).keyBy(&Order::customer).sum("price").print();
});
