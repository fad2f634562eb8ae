// error: the record has no field of that index; fields of classes need FLINK_FIELDS, or use a
// member pointer: sum(&Order::price)
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromCollection(std::vector<std::pair<int, int>>{})
      .keyBy([](const auto& p) { return p.first; })
      .sum<2>()
      .print();
});
