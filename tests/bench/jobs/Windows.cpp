#include <flink/datastream.h>
#include <flink/windowing.h>

#include <chrono>
#include <cstdint>
#include <utility>

#include "tests/bench/jobs/mix.h"

namespace {

using Record = std::pair<std::int64_t, std::int64_t>;  // key, event time in milliseconds

struct Count {
  std::int64_t createAccumulator() { return 0; }
  void add(const Record& /*record*/, std::int64_t& accumulator) { ++accumulator; }
  std::int64_t getResult(const std::int64_t& accumulator) { return accumulator; }
  std::int64_t merge(const std::int64_t& a, const std::int64_t& b) { return a + b; }
};

}  // namespace

/// --records N --keys K --perSecond R --size S [--slide S]: counts per key and window of so many
/// seconds, of records that lie so dense in event time. Without a slide, windows tumble.
FLINK_JOB("Bench Windows", [](flink::StreamExecutionEnvironment& env,
                              const flink::Parameters& args) {
  const auto keys = static_cast<std::uint64_t>(args.getLong("keys", 10'000));
  const std::int64_t perSecond = args.getLong("perSecond", 10'000);
  const std::chrono::seconds size(args.getLong("size", 1));
  const std::chrono::seconds slide(args.getLong("slide", size.count()));
  const auto keyed =
      env.fromSequence(0, args.getLong("records", 5'000'000) - 1)
          .map([keys, perSecond](std::int64_t i) {
            return Record(static_cast<std::int64_t>(mix(static_cast<std::uint64_t>(i)) % keys),
                          i * 1000 / perSecond);
          })
          .assignTimestampsAndWatermarks(
              flink::WatermarkStrategy<Record>::forBoundedOutOfOrderness(std::chrono::seconds(1))
                  .withTimestampAssigner(
                      [](const Record& record, std::int64_t) { return record.second; }))
          .keyBy([](const Record& record) { return record.first; });
  if (slide == size) {
    keyed.window(flink::TumblingEventTimeWindows::of(size))
        .aggregate(Count())
        .sinkTo(flink::DiscardingSink<std::int64_t>());
  } else {
    keyed.window(flink::SlidingEventTimeWindows::of(size, slide))
        .aggregate(Count())
        .sinkTo(flink::DiscardingSink<std::int64_t>());
  }
  env.execute("Windows");
});
