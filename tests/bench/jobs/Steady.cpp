#include <flink/datastream.h>
#include <flink/state.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>

#include "tests/bench/jobs/mix.h"

namespace {

/// Key, the time at which the record was due, and its number within its source.
using Record = std::tuple<std::int64_t, std::int64_t, std::int64_t>;

constexpr std::int64_t kIdleMicros = 50;

struct Load {
  std::int64_t rate, records, keys, fill;
};

/// Nanoseconds of the clock that all processes of a host share.
std::int64_t now() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

/// Emits record i at start + i / rate, whatever the pipeline does; the first `fill` records at
/// once, one per key. Position and start are state: after a restore it goes on where the checkpoint
/// stood and catches up with its schedule, as a source over a log does.
class OpenLoop final : public flink::RichParallelSourceFunction<Record>,
                       public flink::CheckpointedFunction {
 public:
  explicit OpenLoop(const Load& load) : load_(load) {}
  /// Each subtask starts from a copy of its own.
  OpenLoop(const OpenLoop& other) : RichParallelSourceFunction(other), load_(other.load_) {}

  void run(flink::SourceContext<Record>& out) override {
    const std::int64_t parts = getRuntimeContext().getNumberOfParallelSubtasks();
    const std::int64_t part = getRuntimeContext().getIndexOfThisSubtask();
    const double perNano = static_cast<double>(load_.rate) / static_cast<double>(parts) / 1e9;
    const std::int64_t fill = load_.fill / parts;
    const std::int64_t end = fill + load_.records / parts;
    while (running_ && next_ < end) {
      if (next_ >= fill && start_ == 0) start_ = now();
      const std::int64_t due =
          next_ < fill ? std::min(fill, next_ + 10'000)
                       : std::min(end, fill + static_cast<std::int64_t>(
                                                  static_cast<double>(now() - start_) * perNano));
      if (next_ >= due) {
        std::this_thread::sleep_for(std::chrono::microseconds(kIdleMicros));
        continue;
      }
      const std::lock_guard lock(out.getCheckpointLock());
      for (; next_ < due; ++next_) {
        const std::int64_t number = next_ * parts + part;
        const std::int64_t key =
            next_ < fill ? number
                         : static_cast<std::int64_t>(mix(static_cast<std::uint64_t>(number)) %
                                                     static_cast<std::uint64_t>(load_.keys));
        const std::int64_t intended =
            next_ < fill
                ? 0
                : start_ + static_cast<std::int64_t>(static_cast<double>(next_ - fill) / perNano);
        out.collect({key, intended, number});
      }
    }
  }
  void cancel() override { running_ = false; }

  void initializeState(flink::FunctionInitializationContext& context) override {
    position_ = context.getOperatorStateStore().getListState(
        flink::ListStateDescriptor<std::int64_t>("position"));
    const auto restored = position_.get();
    if (restored.size() != 2) return;
    next_ = restored[0];
    start_ = restored[1];
  }
  void snapshotState(flink::FunctionSnapshotContext& /*context*/) override {
    position_.update({next_, start_});
  }

 private:
  Load load_;
  std::atomic<bool> running_{true};
  std::int64_t next_ = 0;
  std::int64_t start_ = 0;
  flink::ListState<std::int64_t> position_;
};

/// Counts per key in a state of so many bytes; notes how late each record is, and when output
/// comes.
class Measure final : public flink::RichMapFunction<Record, std::int64_t> {
 public:
  Measure(std::string latencies, std::string ticks, std::int64_t warmup, std::int64_t stateBytes)
      : latencies_(std::move(latencies)),
        ticks_(std::move(ticks)),
        warmupNanos_(warmup * 1'000'000),
        stateBytes_(static_cast<std::size_t>(stateBytes)) {}

  void open(const flink::OpenContext&) override {
    count_ = getRuntimeContext().getState(flink::ValueStateDescriptor<std::string>("count"));
    const std::string part = "." + std::to_string(getRuntimeContext().getIndexOfThisSubtask());
    if (!latencies_.empty()) latencies_ += part;
    if (!ticks_.empty()) tickFile_ = std::make_shared<std::ofstream>(ticks_ + part, std::ios::app);
  }
  std::int64_t map(const Record& record) override {
    const auto [key, intended, number] = record;
    std::string count = count_.value().value_or(std::string(stateBytes_, '\0'));
    ++count.front();
    count_.update(std::move(count));
    if (intended == 0) return key;
    const std::int64_t time = now();
    if (first_ == 0) first_ = time;
    if (!latencies_.empty() && time - first_ > warmupNanos_) ++late_[rounded(time - intended)];
    if (tickFile_ != nullptr && time - lastTick_ >= 1'000'000) {
      lastTick_ = time;
      *tickFile_ << time << ' ' << number << std::endl;
    }
    return key;
  }
  void close() override {
    if (latencies_.empty()) return;
    std::ofstream file(latencies_);
    for (const auto& [micros, records] : late_) file << micros << ' ' << records << '\n';
  }

 private:
  /// Microseconds with two significant digits: a small histogram of any range.
  static std::int64_t rounded(std::int64_t nanos) {
    const std::int64_t micros = std::max<std::int64_t>(0, nanos / 1000);
    std::int64_t unit = 1;
    while (micros / unit >= 100) unit *= 10;
    return micros / unit * unit;
  }

  std::string latencies_, ticks_;
  std::int64_t warmupNanos_;
  std::size_t stateBytes_;
  flink::ValueState<std::string> count_;
  std::shared_ptr<std::ofstream> tickFile_;  // a function is copied before it is opened
  std::map<std::int64_t, std::int64_t> late_;
  std::int64_t first_ = 0;
  std::int64_t lastTick_ = 0;
};

}  // namespace

/// --rate R --records N --keys K [--fill K] [--state BYTES] [--latencies FILE] [--ticks FILE]
/// [--warmup MS]: records on schedule through keyBy to a count per key. Each subtask writes
/// FILE.<n>: latencies as "microseconds records", ticks (one a millisecond at most) as "time
/// number".
FLINK_JOB("Bench Steady", [](flink::StreamExecutionEnvironment& env,
                             const flink::Parameters& args) {
  const std::int64_t keys = args.getLong("keys", 100'000);
  env.addSource(OpenLoop({args.getLong("rate", 100'000), args.getLong("records", 5'000'000), keys,
                          args.getLong("fill", 0)}))
      .keyBy([](const Record& record) { return std::get<0>(record); })
      .map(Measure(args.get("latencies", ""), args.get("ticks", ""), args.getLong("warmup", 0),
                   args.getLong("state", 8)))
      .sinkTo(flink::DiscardingSink<std::int64_t>());
  env.execute("Steady");
});
