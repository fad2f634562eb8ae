#include <flink/datastream.h>
#include <flink/state.h>

#include <cstdint>

#include "tests/bench/jobs/mix.h"

namespace {

/// One read and one write of a ValueState per record.
class Count final : public flink::RichMapFunction<std::int64_t, std::int64_t> {
 public:
  void open(const flink::OpenContext&) override {
    count_ = getRuntimeContext().getState(flink::ValueStateDescriptor<std::int64_t>("count"));
  }
  std::int64_t map(const std::int64_t& /*key*/) override {
    const std::int64_t count = count_.value().value_or(0) + 1;
    count_.update(count);
    return count;
  }

 private:
  flink::ValueState<std::int64_t> count_;
};

}  // namespace

/// --records N --keys K: counts the records of each key in a ValueState; every count is emitted and
/// dropped.
FLINK_JOB("Bench State", [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
  const auto keys = static_cast<std::uint64_t>(args.getLong("keys", 1'000'000));
  env.fromSequence(0, args.getLong("records", 20'000'000) - 1)
      .map([keys](std::int64_t i) {
        return static_cast<std::int64_t>(mix(static_cast<std::uint64_t>(i)) % keys);
      })
      .keyBy([](std::int64_t key) { return key; })
      .map(Count())
      .sinkTo(flink::DiscardingSink<std::int64_t>());
  env.execute("State");
});
