#include <flink/datastream.h>
#include <flink/windowing.h>

#include <chrono>
#include <thread>

// Runs until it is cancelled, slowly: a source with event time, windows behind an exchange, a sink.
FLINK_JOB("Measured", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(0, std::numeric_limits<std::int64_t>::max() - 1)
      .map([](std::int64_t n) {
        if (n % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return n;
      })
      .assignTimestampsAndWatermarks(
          flink::WatermarkStrategy<std::int64_t>::forMonotonousTimestamps().withTimestampAssigner(
              [](std::int64_t n) { return n; }))
      .keyBy([](std::int64_t n) { return n % 10; })
      .window(flink::TumblingEventTimeWindows::of(std::chrono::seconds(1)))
      .sum()
      .print();
  env.execute("Measured");
});
