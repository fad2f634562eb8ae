#include "core/metrics/registry.h"

#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/metrics/metric_filter.h"
#include "core/metrics/process_metrics.h"

namespace flink::metrics {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ManualClock final : public Clock {
 public:
  [[nodiscard]] MonotonicTime now() const override { return now_; }
  [[nodiscard]] EpochMillis wallMillis() const override { return EpochMillis{0}; }
  void advance(Duration by) { now_ += by; }

 private:
  MonotonicTime now_{Duration(std::chrono::hours(1))};
};

class RegistryTest : public testing::Test {
 protected:
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const MetricSample& sample : registry_.collect())
      names.push_back(sample.scope + "|" + sample.name);
    return names;
  }
  MetricSample only() {
    const auto samples = registry_.collect();
    EXPECT_EQ(samples.size(), 1U);
    return samples.empty() ? MetricSample() : samples.front();
  }

  ManualClock clock_;
  MetricRegistry registry_{clock_};
};

TEST_F(RegistryTest, ScopesVariablesAndNames) {
  const auto root = registry_.root("taskmanager", {{"host", "h"}, {"tm_id", "t"}});
  const auto job = root->scopedChild("job", {{"job_name", "j"}});
  const auto task = job->scopedChild("task", {{"task_name", "m"}});
  const auto input = task->addGroup("Shuffle")->addGroup("Netty");
  input->counter("numBytes")->inc(7);
  const MetricSample sample = only();
  EXPECT_EQ(sample.scope, "taskmanager.job.task");
  EXPECT_EQ(sample.name, "Shuffle.Netty.numBytes");
  EXPECT_EQ(sample.variables,
            (std::map<std::string, std::string>{
                {"host", "h"}, {"tm_id", "t"}, {"job_name", "j"}, {"task_name", "m"}}));
  EXPECT_EQ(sample.kind, MetricKind::kCounter);
  EXPECT_EQ(std::get<std::int64_t>(sample.value), 7);
  EXPECT_EQ(task->variables().at("job_name"), "j");
}

TEST_F(RegistryTest, EveryKindInOrderOfRegistration) {
  const auto root = registry_.root("jobmanager", {});
  root->gauge("z", [] { return GaugeValue(1.5); });
  root->counter("a");
  root->meter("m");
  root->histogram("h")->update(3);
  root->gauge("text", [] { return GaugeValue(std::string("x")); });
  const auto samples = registry_.collect();
  ASSERT_EQ(samples.size(), 5U);
  EXPECT_EQ(std::get<double>(samples[0].value), 1.5);
  EXPECT_EQ(samples[1].name, "a");
  EXPECT_EQ(samples[2].kind, MetricKind::kMeter);
  EXPECT_EQ(std::get<HistogramStatistics>(samples[3].value).count, 1);
  EXPECT_EQ(std::get<std::string>(samples[4].value), "x");
}

TEST_F(RegistryTest, CloseUnregistersTheGroupAndAllBelow) {
  const auto root = registry_.root("taskmanager", {});
  root->counter("kept");
  const auto job = root->scopedChild("job", {});
  const auto task = job->scopedChild("task", {});
  task->counter("a");
  job->addGroup("g")->counter("b");
  job->close();
  EXPECT_THAT(names(), ElementsAre("taskmanager|kept"));
  task->counter("late");
  job->addGroup("g")->gauge("late", [] { return GaugeValue(true); });
  job->scopedChild("task", {})->counter("late");
  EXPECT_THAT(names(), ElementsAre("taskmanager|kept"));
}

TEST_F(RegistryTest, LastReferenceOfAScopedChildUnregisters) {
  const auto root = registry_.root("taskmanager", {});
  auto job = root->scopedChild("job", {});
  job->counter("a");
  job->addGroup("g")->counter("b");
  EXPECT_THAT(names(), ElementsAre("taskmanager.job|a", "taskmanager.job|g.b"));
  job.reset();
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(RegistryTest, NamedGroupsLiveWithTheirParentAndAreFoundAgain) {
  const auto root = registry_.root("taskmanager", {});
  root->addGroup("user")->counter("c")->inc();
  root->addGroup("user")->counter("c")->inc();
  EXPECT_EQ(std::get<std::int64_t>(only().value), 2);
  root->addGroup("user")->close();
  EXPECT_THAT(names(), IsEmpty());
  root->addGroup("user")->counter("again");
  EXPECT_THAT(names(), ElementsAre("taskmanager|user.again"));
}

TEST_F(RegistryTest, TakenNameGivesWhatIsThereOrIsNotReported) {
  const auto root = registry_.root("taskmanager", {});
  root->gauge("x", [] { return GaugeValue(std::int64_t{1}); });
  root->gauge("x", [] { return GaugeValue(std::int64_t{2}); });
  root->counter("x")->inc();
  EXPECT_EQ(std::get<std::int64_t>(only().value), 1);
  const auto counter = root->counter("c");
  EXPECT_EQ(root->counter("c"), counter);
}

TEST_F(RegistryTest, GaugeThatThrowsIsLeftOut) {
  const auto root = registry_.root("taskmanager", {});
  root->gauge("bad", []() -> GaugeValue { throw std::runtime_error("no"); });
  root->gauge("worse", []() -> GaugeValue { throw 1; });
  root->counter("good");
  EXPECT_THAT(names(), ElementsAre("taskmanager|good"));
}

TEST_F(RegistryTest, MetersAreBroughtUpToDateByCollecting) {
  const auto root = registry_.root("taskmanager", {});
  const auto counter = root->counter("n");
  const auto meter = root->meter("nPerSecond", counter);
  counter->inc(600);
  registry_.collect();
  EXPECT_EQ(meter->rate(), 0);
  clock_.advance(std::chrono::seconds(61));
  registry_.collect();
  EXPECT_DOUBLE_EQ(meter->rate(), 10);
  clock_.advance(std::chrono::seconds(3));
  registry_.collect();
  EXPECT_DOUBLE_EQ(meter->rate(), 10);
}

TEST_F(RegistryTest, GroupsMayOutliveTheRegistry) {
  std::shared_ptr<MetricGroup> group;
  {
    MetricRegistry registry(clock_);
    group = registry.root("jobmanager", {});
  }
  group->counter("c")->inc();
  group->close();
}

TEST_F(RegistryTest, CloseWaitsForReadersAndNoGaugeIsReadAfterIt) {
  for (int round = 0; round < 200; ++round) {
    const auto root = registry_.root("taskmanager", {});
    auto alive = std::make_unique<int>(7);
    int* raw = alive.get();
    root->gauge("g", [raw] { return GaugeValue(std::int64_t{*raw}); });
    std::thread reader([&] {
      for (int i = 0; i < 3; ++i) registry_.collect();
    });
    root->close();
    alive.reset();  // a sanitizer sees a gauge that is read now
    reader.join();
  }
}

TEST_F(RegistryTest, ConcurrentRegistrationAndCollection) {
  const auto root = registry_.root("taskmanager", {});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const auto job = root->scopedChild("job", {{"id", std::to_string(t)}});
        job->addGroup("g")->counter("c")->inc();
        job->meter("m");
        if (i % 10 == 0) registry_.collect();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(names(), IsEmpty());
}

TEST(MetricFilterTest, RulesOfScopeNameAndType) {
  const auto sample = [](std::string scope, std::string name, MetricKind kind) {
    return MetricSample{std::move(scope), {}, std::move(name), kind, std::int64_t{0}};
  };
  const auto filter =
      MetricFilter::parse({"taskmanager.job.*:numRecords*,busy*:counter,gauge", "jobmanager"},
                          {"*:numRecordsInErrors"});
  ASSERT_TRUE(filter.isOk()) << filter.status().toString();
  EXPECT_TRUE(
      filter->accepts(sample("taskmanager.job.task", "numRecordsIn", MetricKind::kCounter)));
  EXPECT_FALSE(
      filter->accepts(sample("taskmanager.job.task", "numRecordsInPerSecond", MetricKind::kMeter)));
  EXPECT_FALSE(
      filter->accepts(sample("taskmanager.job.task", "numRecordsInErrors", MetricKind::kCounter)));
  EXPECT_FALSE(filter->accepts(sample("taskmanager", "numRecordsIn", MetricKind::kCounter)));
  EXPECT_TRUE(filter->accepts(sample("jobmanager", "numRunningJobs", MetricKind::kGauge)));
  EXPECT_FALSE(filter->accepts(sample("jobmanager", "Status.JVM.CPU.Load", MetricKind::kGauge)));
  EXPECT_TRUE(MetricFilter().accepts(sample("x", "y", MetricKind::kGauge)));
  EXPECT_FALSE(MetricFilter::parse({"a:b:c:d"}, {}).isOk());
  EXPECT_FALSE(MetricFilter::parse({"*:*:rate"}, {}).isOk());
}

TEST(MetricFilterTest, Wildcards) {
  EXPECT_TRUE(matchesWildcard("*", ""));
  EXPECT_TRUE(matchesWildcard("a*c*e", "abcde"));
  EXPECT_TRUE(matchesWildcard("**x", "aaax"));
  EXPECT_FALSE(matchesWildcard("a*b", "ac"));
  EXPECT_FALSE(matchesWildcard("", "a"));
}

TEST_F(RegistryTest, ProcessMetricsHaveFlinksNames) {
  const auto root = registry_.root("taskmanager", {});
  registerProcessMetrics(*root, clock_, 1000);
  registry_.collect();
  clock_.advance(std::chrono::seconds(2));
  std::map<std::string, double> values;
  for (const MetricSample& sample : registry_.collect()) {
    values[sample.name] = std::visit(
        [](const auto& value) -> double {
          if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>)
            return static_cast<double>(value);
          return -1;
        },
        sample.value);
  }
  EXPECT_GT(values.at("Status.JVM.CPU.Time"), 0);
  EXPECT_GE(values.at("Status.JVM.CPU.Load"), 0);
  EXPECT_LE(values.at("Status.JVM.CPU.Load"), 1);
  EXPECT_GE(values.at("Status.JVM.Threads.Count"), 1);
  EXPECT_GE(values.at("Status.JVM.FileDescriptor.Open"), 3);
  EXPECT_GE(values.at("Status.JVM.FileDescriptor.Max"),
            values.at("Status.JVM.FileDescriptor.Open"));
  EXPECT_GE(values.at("Status.JVM.Memory.Heap.Used"), 0);  // a sanitizer's allocator counts nothing
  EXPECT_GE(values.at("Status.JVM.Memory.Heap.Committed"),
            values.at("Status.JVM.Memory.Heap.Used"));
  EXPECT_EQ(values.at("Status.JVM.Memory.Heap.Max"), 1000);
  EXPECT_GT(values.at("Status.Process.Memory.ResidentSize"), 1 << 20);
}

TEST_F(RegistryTest, FiguresOfSeveralProcessesAddUp) {
  const auto own = restProcessFigures();
  const ProcessFigures same = processFiguresOf(own);
  EXPECT_EQ(same.residentBytes, own.at("residentBytes"));
  EXPECT_GT(same.residentBytes, 0);
  EXPECT_EQ(same.nonHeap(), own.at("nonHeapUsed"));
  EXPECT_GT(same.cpuTimeNanos, 0);
  const auto root = registry_.root("taskmanager", {});
  ProcessFigures sum;
  sum.threads = 20;
  sum.openFiles = 7;
  sum.cpuTimeNanos = 1'000;
  registerProcessMetrics(*root, clock_, 1000, [&] { return sum; });
  std::map<std::string, GaugeValue> values;
  for (const MetricSample& sample : registry_.collect()) {
    if (const auto* value = std::get_if<std::int64_t>(&sample.value)) values[sample.name] = *value;
  }
  EXPECT_EQ(values.at("Status.JVM.Threads.Count"), GaugeValue(std::int64_t{20}));
  EXPECT_EQ(values.at("Status.JVM.FileDescriptor.Open"), GaugeValue(std::int64_t{7}));
  EXPECT_EQ(values.at("Status.JVM.CPU.Time"), GaugeValue(std::int64_t{1'000}));
}

}  // namespace
}  // namespace flink::metrics
