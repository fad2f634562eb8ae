#include <flink/datastream.h>

#include <cstdio>
#include <numeric>

FLINK_JOB("Collect", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  const std::vector<std::int64_t> records = env.fromSequence(0, 999).executeAndCollect();
  std::printf(
      "collected %zu records with sum %lld\n", records.size(),
      static_cast<long long>(std::accumulate(records.begin(), records.end(), std::int64_t{0})));
});
