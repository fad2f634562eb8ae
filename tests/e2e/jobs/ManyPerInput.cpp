#include <flink/datastream.h>

// Every one of eight inputs becomes a million records behind an exchange; the output is how many
// each subtask counted.
FLINK_JOB("ManyPerInput",
          [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
            if (args.get("mode", "batch") == "batch")
              env.setRuntimeMode(flink::RuntimeExecutionMode::kBatch);
            env.fromSequence(0, 7)
                .rebalance()
                .flatMap([](std::int64_t, flink::Collector<std::int64_t>& out) {
                  for (std::int64_t i = 0; i < 1'000'000; ++i) out.collect(i);
                })
                .map([](std::int64_t n) {
                  return std::pair<std::int64_t, std::int64_t>{n % 16, 1};
                })
                .keyBy([](const std::pair<std::int64_t, std::int64_t>& p) { return p.first; })
                .sum<1>()
                .map([](const std::pair<std::int64_t, std::int64_t>& p) { return p.second; })
                .writeAsText(args.get("output", ""));
            env.execute("ManyPerInput");
          });
