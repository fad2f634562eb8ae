// error: keyBy()'s result cannot be a key: it must be serializable, comparable with == and have one
// form per value (no unordered containers)
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9)
      .keyBy([](std::int64_t n) {
        return std::unordered_map<int, int>{{1, int(n)}};
      })
      .sum<0>()
      .print();
});
