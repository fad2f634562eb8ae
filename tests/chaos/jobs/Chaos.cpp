#include <flink/datastream.h>
#include <flink/file_sink.h>
#include <flink/state.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "tests/chaos/expected.h"

namespace {

using namespace std::chrono_literals;
using flink::chaos::Shape;

/// Numbers of one side (even or odd), in order, no faster than `rate` of both sides a second; ends
/// at the number in the file `stop`, once that is there. Each subtask remembers where it is.
class Numbers final : public flink::RichParallelSourceFunction<std::int64_t>,
                      public flink::CheckpointedFunction {
 public:
  Numbers(std::int64_t side, std::int64_t rate, std::int64_t startMs, std::string stop)
      : side_(side), rate_(rate), startMs_(startMs), stop_(std::move(stop)) {}
  Numbers(const Numbers& other)
      : RichParallelSourceFunction(other),
        CheckpointedFunction(other),
        side_(other.side_),
        rate_(other.rate_),
        startMs_(other.startMs_),
        stop_(other.stop_) {}

  void initializeState(flink::FunctionInitializationContext& context) override {
    position_ = context.getOperatorStateStore().getListState(
        flink::ListStateDescriptor<std::int64_t>("position"));
    for (const std::int64_t position : position_.get()) taken_ = position;
  }
  void snapshotState(flink::FunctionSnapshotContext& /*context*/) override {
    position_.update({taken_});
  }
  void run(flink::SourceContext<std::int64_t>& context) override {
    const std::int64_t subtask = getRuntimeContext().getIndexOfThisSubtask();
    const std::int64_t subtasks = getRuntimeContext().getNumberOfParallelSubtasks();
    const auto numberAt = [&](std::int64_t taken) {
      return 2 * (subtask + subtasks * taken) + side_;
    };
    while (!cancelled_.load()) {
      // The clock first: who writes the file writes more than the clock allowed before.
      const std::int64_t allowed = allowedNow();
      const std::optional<std::int64_t> end = readEnd();
      const std::int64_t limit = end.value_or(allowed);
      bool emitted = false;
      for (int i = 0; i < 100 && numberAt(taken_) < limit; ++i, emitted = true) {
        const std::lock_guard lock(context.getCheckpointLock());
        const std::int64_t number = numberAt(taken_++);
        context.collectWithTimestamp(number, number);
        if (i % 50 == 49) context.emitWatermark(number);
      }
      if (end && numberAt(taken_) >= *end) return;
      if (!emitted) std::this_thread::sleep_for(2ms);
    }
  }
  void cancel() override { cancelled_ = true; }

 private:
  [[nodiscard]] std::int64_t allowedNow() const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    return (ms - startMs_) * rate_ / 1000;
  }
  [[nodiscard]] std::optional<std::int64_t> readEnd() const {
    std::ifstream file(stop_);
    std::int64_t end = 0;
    if (file >> end) return end;
    return std::nullopt;
  }

  std::int64_t side_, rate_, startMs_;
  std::string stop_;
  flink::ListState<std::int64_t> position_;
  std::int64_t taken_ = 0;
  std::atomic<bool> cancelled_{false};
};

struct Sum {
  std::int64_t count = 0, sum = 0;
};

/// Passes every number on; sums up each key's windows, which timers end. A ballast per key makes
/// the state large and shows whether it is still what it was.
class Windows final : public flink::KeyedProcessFunction<std::int64_t, std::int64_t, std::string> {
 public:
  explicit Windows(Shape shape) : shape_(shape) {}
  void open(const flink::OpenContext&) override {
    ballast_ = getRuntimeContext().getState(flink::ValueStateDescriptor<std::string>("ballast"));
    sums_ =
        getRuntimeContext().getMapState(flink::MapStateDescriptor<std::int64_t, Sum>("windows"));
  }
  void processElement(const std::int64_t& number, Context& context,
                      flink::Collector<std::string>& out) override {
    const std::int64_t key = context.getCurrentKey();
    const std::string* ballast = ballast_.peek();
    if (ballast == nullptr)
      ballast_.update(shape_.ballastOf(key));
    else if (*ballast != shape_.ballastOf(key))
      out.collect("x ballast " + std::to_string(key));
    const std::int64_t end = shape_.windowEndOf(number);
    Sum sum = sums_.get(end).value_or(Sum{});
    if (sum.count == 0) context.timerService().registerEventTimeTimer(end - 1);
    sums_.put(end, Sum{sum.count + 1, sum.sum + number});
    out.collect("r " + std::to_string(number));
  }
  void onTimer(std::int64_t time, OnTimerContext& context,
               flink::Collector<std::string>& out) override {
    const std::int64_t key = context.getCurrentKey();
    const std::optional<Sum> sum = sums_.get(time + 1);
    if (!sum) return out.collect("x timer " + std::to_string(key));
    out.collect("t " + std::to_string(key) + " " + std::to_string(time + 1) + " " +
                std::to_string(sum->count) + " " + std::to_string(sum->sum));
    sums_.remove(time + 1);
  }

 private:
  Shape shape_;
  flink::ValueState<std::string> ballast_;
  flink::MapState<std::int64_t, Sum> sums_;
};

}  // namespace

// The job of tests/chaos/run: two sources, united; per key windows with timers and ballast; into
// part files, exactly once. expected.h says what has to come out.
FLINK_JOB("Chaos", [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
  Shape shape;
  shape.keys = args.getInt("keys", 100'000);
  shape.ballastBytes = args.getInt("ballast", 600);
  const std::int64_t rate = args.getInt("rate", 40'000);
  const std::int64_t startMs = args.getLong("start-ms", 0);
  const std::string stop = args.get("stop");
  const auto even = env.addSource(Numbers(0, rate, startMs, stop)).name("even").uid("even");
  const auto odd = env.addSource(Numbers(1, rate, startMs, stop)).name("odd").uid("odd");
  even.union_(odd)
      .keyBy([shape](std::int64_t number) { return shape.keyOf(number); })
      .process(Windows(shape))
      .uid("windows")
      .sinkTo(flink::FileSink<std::string>::forRowFormat(args.get("output"),
                                                         flink::SimpleStringEncoder<std::string>())
                  .withBucketAssigner(flink::BasePathBucketAssigner())
                  .withRollingPolicy(flink::DefaultRollingPolicy::builder()
                                         .withMaxPartSize(args.getInt("part-bytes", 200'000))
                                         .withRolloverInterval(2s)
                                         .build())
                  .withBucketCheckInterval(200ms)
                  .build())
      .name("files")
      .uid("files");
  env.execute("Chaos");
});
