#include "tests/simulation/program.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include <flink/datastream.h>
#include <flink/state.h>
#include <flink/windowing.h>

#include "core/base/check.h"
#include "tests/reference/stream.h"

namespace flink::simulation {
namespace {

/// From here on, out of a hundred, sources dawdle.
constexpr std::int64_t kDawdleFrom = 70;
constexpr Duration kDawdle = std::chrono::milliseconds(1);

std::uint64_t scramble(std::uint64_t n) {
  n ^= n >> 33U;
  n *= 0xff51afd7ed558ccdULL;
  n ^= n >> 33U;
  n *= 0xc4ceb9fe1a85ec53ULL;
  return n ^ (n >> 33U);
}

std::int64_t perSubtask(const Workload& workload, int source) {
  return source == 0 ? workload.eventsPerSubtask : workload.eventsPerSubtask / 2;
}

Workload workloadOf(const Parameters& args) {
  Workload workload;
  workload.eventsPerSubtask = args.getInt("events", 0);
  workload.parallelism = static_cast<int>(args.getInt("parallelism", 1));
  workload.numKeys = args.getInt("keys", 1);
  workload.disorderMs = args.getInt("disorder", 0);
  workload.periodMs = args.getInt("period", 1);
  return workload;
}

std::int64_t periodEnd(const Workload& workload, std::int64_t time) {
  return time - time % workload.periodMs + workload.periodMs;
}

/// Counts the records of its key, and those of each period when the period is over.
class CountByPeriod final : public KeyedProcessFunction<std::int64_t, Event, Outcome> {
 public:
  explicit CountByPeriod(Workload workload) : workload_(workload) {}
  void open(const OpenContext&) override {
    count_ = getRuntimeContext().getState(ValueStateDescriptor<std::int64_t>("count"));
    periods_ =
        getRuntimeContext().getMapState(MapStateDescriptor<std::int64_t, std::int64_t>("periods"));
  }
  void processElement(const Event& event, Context& context, Collector<Outcome>& out) override {
    const std::int64_t count = count_.value().value_or(0) + 1;
    count_.update(count);
    const std::int64_t end = periodEnd(workload_, event.time);
    periods_.put(end, periods_.get(end).value_or(0) + 1);
    context.timerService().registerEventTimeTimer(end);
    out.collect({kRunningCount, event.key, 0, count});
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Collector<Outcome>& out) override {
    out.collect({kTimerCount, context.getCurrentKey(), time, periods_.get(time).value_or(-1)});
    periods_.remove(time);
  }

 private:
  Workload workload_;
  ValueState<std::int64_t> count_;
  MapState<std::int64_t, std::int64_t> periods_;
};

/// Adds up what both inputs have per key and period; says so at the period's end if both had any.
class MatchPeriods final : public KeyedCoProcessFunction<std::int64_t, Event, Event, Outcome> {
 public:
  explicit MatchPeriods(Workload workload) : workload_(workload) {}
  void open(const OpenContext&) override {
    left_ = getRuntimeContext().getMapState(MapStateDescriptor<std::int64_t, std::int64_t>("left"));
    right_ =
        getRuntimeContext().getMapState(MapStateDescriptor<std::int64_t, std::int64_t>("right"));
  }
  void processElement1(const Event& event, Context& context, Collector<Outcome>&) override {
    add(left_, event, context);
  }
  void processElement2(const Event& event, Context& context, Collector<Outcome>&) override {
    add(right_, event, context);
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Collector<Outcome>& out) override {
    const auto left = left_.get(time), right = right_.get(time);
    if (left && right) out.collect({kMatched, context.getCurrentKey(), time, *left ^ *right});
    left_.remove(time);
    right_.remove(time);
  }

 private:
  void add(MapState<std::int64_t, std::int64_t>& sums, const Event& event, Context& context) {
    const std::int64_t end = periodEnd(workload_, event.time);
    sums.put(end, sums.get(end).value_or(0) + event.value);
    context.timerService().registerEventTimeTimer(end);
  }
  Workload workload_;
  MapState<std::int64_t, std::int64_t> left_, right_;
};

/// Writes into the store in two phases: a transaction per checkpoint, prepared before the snapshot
/// is taken, committed when the checkpoint is complete or restored.
class TransactionalSink final : public RichSinkFunction<Outcome>,
                                public CheckpointedFunction,
                                public CheckpointListener {
 public:
  using Pending = std::pair<std::int64_t, std::string>;  // checkpoint, transaction

  void initializeState(FunctionInitializationContext& context) override {
    state_ = context.getOperatorStateStore().getListState(
        ListStateDescriptor<Pending>("pending transactions"));
    for (const Pending& pending : state_.get()) commit(pending.second);
    state_.clear();
  }
  void invoke(const Outcome& outcome) override { open_.push_back(outcome); }
  void snapshotState(FunctionSnapshotContext& context) override {
    const std::int64_t id = context.getCheckpointId();
    const auto& runtime = getRuntimeContext();
    const std::string transaction =
        fmt::format("{}/{}/{}", runtime.getIndexOfThisSubtask(), runtime.getAttemptNumber(), id);
    surroundings().store->prepare(transaction, std::exchange(open_, {}));
    pending_.emplace_back(id, transaction);
    state_.clear();
    for (const Pending& pending : pending_) state_.add(pending);
  }
  void notifyCheckpointComplete(std::int64_t checkpoint) override {
    std::erase_if(pending_, [&](const Pending& pending) {
      if (pending.first > checkpoint) return false;
      commit(pending.second);
      return true;
    });
  }

 private:
  static void commit(const std::string& transaction) {
    if (!surroundings().store->commit(transaction))
      throw std::runtime_error("the store does not know the transaction " + transaction);
  }
  std::vector<Outcome> open_;
  std::vector<Pending> pending_;
  ListState<Pending> state_;
};

auto sourceOf(StreamExecutionEnvironment& env, const Workload& workload, int source) {
  const std::int64_t last = perSubtask(workload, source) * workload.parallelism - 1;
  return env.fromSequence(0, last)
      .map([workload, source](std::int64_t n) {
        const std::int64_t size = perSubtask(workload, source);
        const bool dawdles = !surroundings().released && n % size * 100 >= size * kDawdleFrom;
        Kernel::current().spend(dawdles ? kDawdle : surroundings().perEvent);
        return eventOf(workload, source, n);
      })
      .assignTimestampsAndWatermarks(
          WatermarkStrategy<Event>::forBoundedOutOfOrderness(
              std::chrono::milliseconds(workload.disorderMs))
              .withTimestampAssigner([](const Event& event) { return event.time; }));
}

}  // namespace

Surroundings& surroundings() {
  static Surroundings theSurroundings;
  return theSurroundings;
}

std::vector<std::string> Workload::toArguments() const {
  return {
      "--events", std::to_string(eventsPerSubtask), "--parallelism", std::to_string(parallelism),
      "--keys",   std::to_string(numKeys),          "--disorder",    std::to_string(disorderMs),
      "--period", std::to_string(periodMs)};
}

Event eventOf(const Workload& workload, int source, std::int64_t n) {
  const std::uint64_t random =
      scramble(static_cast<std::uint64_t>(n) * 2 + static_cast<std::uint64_t>(source) + 1);
  Event event;
  event.key = static_cast<std::int64_t>(random % static_cast<std::uint64_t>(workload.numKeys));
  // Both sources cover the same time, in every subtask.
  const std::int64_t place = n % perSubtask(workload, source) * (source == 0 ? 1 : 2);
  const auto jitter =
      static_cast<std::int64_t>((random >> 20U) % static_cast<std::uint64_t>(workload.disorderMs));
  event.time = 1000 + place + jitter;
  event.value = static_cast<std::int64_t>(random >> 40U);
  return event;
}

std::vector<Event> Workload::events(int source) const {
  std::vector<Event> all;
  for (std::int64_t n = 0; n < perSubtask(*this, source) * parallelism; ++n)
    all.push_back(eventOf(*this, source, n));
  return all;
}

std::map<Outcome, std::int64_t> expectedOutcomes(const Workload& workload) {
  const auto source = [&](int number) {
    return reference::Stream<Event>::of(workload.events(number))
        .assignTimestamps([](const Event& event) { return event.time; });
  };
  const auto keyOf = [](const Event& event) { return event.key; };
  const auto first = source(0), second = source(1);
  const auto keyed = first.unite(second).keyBy(keyOf);

  struct Counts {
    std::int64_t count = 0;
    std::map<std::int64_t, std::int64_t> periods;
  };
  const auto counts = keyed.process<Outcome, Counts>(
      [&](Counts& counts, const Event& event, auto& context) {
        const std::int64_t end = periodEnd(workload, event.time);
        ++counts.periods[end];
        context.registerTimer(end);
        context.emit({kRunningCount, event.key, 0, ++counts.count});
      },
      [](Counts& counts, std::int64_t time, auto& context) {
        context.emit({kTimerCount, context.key(), time, counts.periods.at(time)});
      });
  const auto sums = keyed.tumblingWindows<Outcome>(
      workload.periodMs, [](std::int64_t key, const auto& window, const auto& events) {
        std::int64_t sum = 0;
        for (const Event& event : events) sum += event.value;
        return Outcome{kWindowSum, key, window.end, sum};
      });

  struct Sums {
    std::map<std::int64_t, std::int64_t> left, right;
  };
  const auto matched =
      reference::ConnectedStreams<std::int64_t, Event, Event>(first, keyOf, second, keyOf)
          .process<Outcome, Sums>(
              [&](Sums& sums, const Event& event, auto& context) {
                sums.left[periodEnd(workload, event.time)] += event.value;
                context.registerTimer(periodEnd(workload, event.time));
              },
              [&](Sums& sums, const Event& event, auto& context) {
                sums.right[periodEnd(workload, event.time)] += event.value;
                context.registerTimer(periodEnd(workload, event.time));
              },
              [](Sums& sums, std::int64_t time, auto& context) {
                if (sums.left.contains(time) && sums.right.contains(time)) {
                  context.emit(
                      {kMatched, context.key(), time, sums.left.at(time) ^ sums.right.at(time)});
                }
              });
  return counts.unite(sums).unite(matched).counted();
}

}  // namespace flink::simulation

FLINK_JOB("simulated job", [](flink::StreamExecutionEnvironment& env,
                              const flink::Parameters& args) {
  using namespace flink::simulation;
  const Workload workload = workloadOf(args);
  env.setParallelism(workload.parallelism);
  const auto first = sourceOf(env, workload, 0);
  const auto second = sourceOf(env, workload, 1);
  const auto keyOf = [](const Event& event) { return event.key; };
  const auto keyed = first.union_(second).keyBy(keyOf);
  const auto counts = keyed.process(CountByPeriod(workload)).uid("counts");
  const auto sums =
      keyed
          .window(flink::TumblingEventTimeWindows::of(std::chrono::milliseconds(workload.periodMs)))
          .reduce([](const Event& a, const Event& b) {
            return Event{a.key, a.time, a.value + b.value};
          })
          .uid("sums")
          .map([workload](const Event& event) {
            return Outcome{kWindowSum, event.key, periodEnd(workload, event.time), event.value};
          });
  const auto matched =
      first.connect(second).keyBy(keyOf, keyOf).process(MatchPeriods(workload)).uid("matched");
  counts.union_(sums, matched).addSink(TransactionalSink()).uid("sink");
  env.execute(kProgramName);
});
