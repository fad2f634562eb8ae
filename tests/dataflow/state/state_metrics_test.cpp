#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "core/metrics/registry.h"
#include "state_harness.h"

namespace flink::state {
namespace {

/// Advances by a microsecond whenever somebody looks.
class TickingClock final : public Clock {
 public:
  [[nodiscard]] MonotonicTime now() const override {
    return MonotonicTime(Duration(1000 * ++ticks_));
  }
  [[nodiscard]] EpochMillis wallMillis() const override { return EpochMillis(0); }

 private:
  mutable std::int64_t ticks_ = 0;
};

class StateMetricsTest : public testing::Test {
 protected:
  std::unique_ptr<KeyedStateBackend> backend(const LatencyTracking& latency) {
    KeyedBackendOptions options;
    options.key = &keyOps<std::int64_t>();
    options.clock = &clock_;
    options.metrics = group_;
    options.latency = latency;
    return makeHashMapStateBackend(std::move(options));
  }
  std::optional<metrics::MetricSample> sample(const std::string& name) {
    for (metrics::MetricSample& sample : registry_.collect()) {
      if (sample.name == name) return sample;
    }
    return std::nullopt;
  }

  TickingClock clock_;
  metrics::MetricRegistry registry_{clock_};
  std::shared_ptr<metrics::MetricGroup> group_ = registry_.root("taskmanager", {});
};

TEST_F(StateMetricsTest, EntriesAndBytesPerState) {
  const auto backend = this->backend({});
  auto list = valueOrThrow(makeState(*backend, ListStateDescriptor<std::int64_t>("events")));
  for (std::int64_t key = 0; key < 100; ++key) {
    backend->setCurrentKey(&key, types::keyHash(key));
    list.addAll(std::vector<std::int64_t>(1000, key));
  }
  backend->publishFigures();
  ASSERT_TRUE(sample("events.numEntries").has_value());
  EXPECT_EQ(std::get<std::int64_t>(sample("events.numEntries")->value), 100);
  EXPECT_GT(std::get<std::int64_t>(sample("events.numBytes")->value), 100 * 8000);
  EXPECT_FALSE(sample("valueStateGetLatency").has_value());
}

TEST_F(StateMetricsTest, OneOfSoManyAccessesIsMeasured) {
  LatencyTracking latency;
  latency.enabled = true;
  latency.sampleInterval = 10;
  const auto backend = this->backend(latency);
  auto value = valueOrThrow(makeState(*backend, ValueStateDescriptor<int>("count")));
  const std::int64_t key = 1;
  backend->setCurrentKey(&key, types::keyHash(key));
  for (int i = 0; i < 100; ++i) {
    value.update(i);
    EXPECT_EQ(value.value(), i);
  }
  value.clear();
  const auto gets = sample("valueStateGetLatency");
  ASSERT_TRUE(gets.has_value());
  EXPECT_EQ(gets->variables.at("state_name"), "count");
  const auto statistics = std::get<metrics::HistogramStatistics>(gets->value);
  EXPECT_EQ(statistics.count, 10);
  EXPECT_EQ(statistics.max, 1000);
  EXPECT_EQ(std::get<metrics::HistogramStatistics>(sample("valueStateUpdateLatency")->value).count,
            10);
  EXPECT_EQ(std::get<metrics::HistogramStatistics>(sample("stateClearLatency")->value).count, 1);
}

}  // namespace
}  // namespace flink::state
