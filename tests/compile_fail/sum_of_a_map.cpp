// error: the field cannot be aggregated so: sum needs a number (or +=), min and max need operator<
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromCollection(std::vector<std::pair<int, std::map<int, int>>>{})
      .keyBy([](const auto& p) { return p.first; })
      .sum<1>()
      .map([](const auto& p) { return p.first; })
      .print();
});
