#include <flink/datastream.h>
#include <flink/state.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

namespace {

/// Counts the records of each key and emits "key,count" with the one that completes it.
class CountUntil final
    : public flink::KeyedProcessFunction<std::int64_t, std::int64_t, std::string> {
 public:
  explicit CountUntil(std::int64_t expected) : expected_(expected) {}

  void open(const flink::OpenContext&) override {
    count_ = getRuntimeContext().getState(flink::ValueStateDescriptor<std::int64_t>("count"));
  }
  void processElement(const std::int64_t&, Context& context,
                      flink::Collector<std::string>& out) override {
    const std::int64_t count = count_.value().value_or(0) + 1;
    count_.update(count);
    if (count >= expected_)
      out.collect(std::to_string(context.getCurrentKey()) + "," + std::to_string(count));
  }

 private:
  std::int64_t expected_;
  flink::ValueState<std::int64_t> count_;
};

}  // namespace

// --records numbers over --keys keys, --rate a second per source; every key's count is written to
// --output once it is complete, so any record that is lost or counted twice shows.
FLINK_JOB("StatefulCount",
          [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
            const std::int64_t records = args.getInt("records", 100000);
            const std::int64_t keys = args.getInt("keys", 1000);
            const std::int64_t rate = args.getInt("rate", 20000);
            env.fromSequence(0, records - 1)
                .map([rate, taken = std::int64_t{0},
                      start = std::chrono::steady_clock::time_point()](std::int64_t n) mutable {
                  if (taken == 0) start = std::chrono::steady_clock::now();
                  if (++taken % 100 == 0)
                    std::this_thread::sleep_until(
                        start + std::chrono::nanoseconds(1'000'000'000 / rate) * taken);
                  return n;
                })
                .keyBy([keys](std::int64_t n) { return n % keys; })
                .process(CountUntil(records / keys))
                .uid("count")
                .writeAsText(args.get("output"), flink::WriteMode::kOverwrite)
                .setParallelism(1);
            env.execute("StatefulCount");
          });
