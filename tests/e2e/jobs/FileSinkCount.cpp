#include <flink/datastream.h>
#include <flink/file_sink.h>
#include <flink/state.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

namespace {

/// Emits "key,count" with every record.
class RunningCount final
    : public flink::KeyedProcessFunction<std::int64_t, std::int64_t, std::string> {
 public:
  void open(const flink::OpenContext&) override {
    count_ = getRuntimeContext().getState(flink::ValueStateDescriptor<std::int64_t>("count"));
  }
  void processElement(const std::int64_t&, Context& context,
                      flink::Collector<std::string>& out) override {
    const std::int64_t count = count_.value().value_or(0) + 1;
    count_.update(count);
    out.collect(std::to_string(context.getCurrentKey()) + "," + std::to_string(count));
  }

 private:
  flink::ValueState<std::int64_t> count_;
};

}  // namespace

// --records numbers over --keys keys, --rate a second per source; every count of every key goes
// once into the part files of --output.
FLINK_JOB("FileSinkCount",
          [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
            const std::int64_t keys = args.getInt("keys", 1000);
            const std::int64_t rate = args.getInt("rate", 20000);
            env.fromSequence(0, args.getInt("records", 100000) - 1)
                .map([rate, taken = std::int64_t{0},
                      start = std::chrono::steady_clock::time_point()](std::int64_t n) mutable {
                  if (taken == 0) start = std::chrono::steady_clock::now();
                  if (++taken % 100 == 0)
                    std::this_thread::sleep_until(
                        start + std::chrono::nanoseconds(1'000'000'000 / rate) * taken);
                  return n;
                })
                .keyBy([keys](std::int64_t n) { return n % keys; })
                .process(RunningCount())
                .uid("count")
                .sinkTo(flink::FileSink<std::string>::forRowFormat(
                            args.get("output"), flink::SimpleStringEncoder<std::string>())
                            .withRollingPolicy(flink::OnCheckpointRollingPolicy::build())
                            .build())
                .uid("files");
            env.execute("FileSinkCount");
          });
