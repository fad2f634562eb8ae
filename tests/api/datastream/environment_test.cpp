#include <gmock/gmock.h>

#include <flink/datastream.h>
#include <memory>

#include "core/base/error_codes.h"
#include "core/config/options/execution_options.h"
#include "tests/api/datastream/test_program.h"

namespace flink::datastream {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Pair;

void numbersToNowhere(StreamExecutionEnvironment& env) {
  env.fromSequence(1, 3).addSink([](const std::int64_t&) {});
}

TEST(EnvironmentTest, ConfigurationDecidesTheGraph) {
  TestProgram p;
  Configuration configuration;
  configuration.setString("parallelism.default", "3");
  configuration.setString("pipeline.max-parallelism", "32");
  configuration.setString("pipeline.operator-chaining.enabled", "false");
  configuration.setString("execution.runtime-mode", "batch");
  configuration.setString("execution.buffer-timeout", "5 ms");
  configuration.setString("pipeline.global-job-parameters", "a:1,b:2");
  configuration.setString("my.own", "value");
  p.env.configure(configuration);
  numbersToNowhere(p.env);
  const auto graph = p.executed();
  EXPECT_EQ(graph.nodes[0].parallelism, 3);
  EXPECT_EQ(graph.maxParallelism, 32);
  EXPECT_FALSE(graph.chainingEnabled);
  EXPECT_EQ(graph.runtimeMode, graph::RuntimeMode::kBatch);
  EXPECT_EQ(graph.bufferTimeoutMs, 5);
  EXPECT_THAT(p.execution.globalJobParameters, ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_THAT(p.execution.configuration, Contains(Pair("my.own", "value")));
}

TEST(EnvironmentTest, OnlyWhatConcernsJobsTravelsFromTheClient) {
  TestProgram p;
  Configuration configuration;
  for (const char* key : {"slot.request.timeout", "pipeline.name", "rest.bind-address"})
    configuration.setString(key, "10 s", {"client", 0});
  p.env.configure(configuration);
  numbersToNowhere(p.env);
  (void)p.executed();
  EXPECT_THAT(p.execution.configuration,
              ElementsAre(Pair("pipeline.name", "10 s"), Pair("slot.request.timeout", "10 s")));
}

TEST(EnvironmentTest, CheckpointSettingsTravelAsTheirKeys) {
  TestProgram p;
  p.env.enableCheckpointing(60000, CheckpointingMode::AT_LEAST_ONCE)
      .setDefaultSavepointDirectory("/savepoints");
  p.env.getCheckpointConfig()
      .setCheckpointTimeout(600000)
      .setMinPauseBetweenCheckpoints(30000)
      .setMaxConcurrentCheckpoints(1)
      .setTolerableCheckpointFailureNumber(3)
      .enableExternalizedCheckpoints(ExternalizedCheckpointCleanup::RETAIN_ON_CANCELLATION)
      .setCheckpointStorage("/checkpoints")
      .enableUnalignedCheckpoints(false)
      .setAlignmentTimeout(10000);
  numbersToNowhere(p.env);
  (void)p.executed();
  EXPECT_THAT(p.execution.configuration,
              ElementsAre(Pair("execution.checkpointing.dir", "/checkpoints"),
                          Pair("execution.checkpointing.externalized-checkpoint-retention",
                               "RETAIN_ON_CANCELLATION"),
                          Pair("execution.checkpointing.interval", "1 min"),
                          Pair("execution.checkpointing.max-concurrent-checkpoints", "1"),
                          Pair("execution.checkpointing.min-pause", "30 s"),
                          Pair("execution.checkpointing.mode", "AT_LEAST_ONCE"),
                          Pair("execution.checkpointing.savepoint-dir", "/savepoints"),
                          Pair("execution.checkpointing.storage", "filesystem"),
                          Pair("execution.checkpointing.timeout", "10 min"),
                          Pair("execution.checkpointing.tolerable-failed-checkpoints", "3"),
                          Pair("execution.checkpointing.unaligned.enabled", "false")));
}

TEST(EnvironmentTest, CheckpointConfigTellsWhatTheConfigurationSays) {
  TestProgram p;
  const CheckpointConfig& config = p.env.getCheckpointConfig();
  EXPECT_FALSE(config.isCheckpointingEnabled());
  EXPECT_EQ(config.getCheckpointInterval(), -1);
  EXPECT_EQ(config.getCheckpointTimeout(), 600'000);
  EXPECT_EQ(config.getExternalizedCheckpointCleanup(),
            ExternalizedCheckpointCleanup::NO_EXTERNALIZED_CHECKPOINTS);
  Configuration configuration;
  configuration.setString("execution.checkpointing.interval", "5 s");
  configuration.setString("execution.checkpointing.mode", "at_least_once");
  configuration.setString("execution.checkpointing.externalized-checkpoint-retention",
                          "delete_on_cancellation");
  p.env.configure(configuration);
  EXPECT_TRUE(config.isCheckpointingEnabled());
  EXPECT_EQ(config.getCheckpointInterval(), 5000);
  EXPECT_EQ(config.getCheckpointingMode(), CheckpointingMode::AT_LEAST_ONCE);
  EXPECT_EQ(config.getExternalizedCheckpointCleanup(),
            ExternalizedCheckpointCleanup::DELETE_ON_CANCELLATION);
}

TEST(EnvironmentTest, ImpossibleCheckpointSettingsAreRefused) {
  TestProgram p;
  CheckpointConfig& config = p.env.getCheckpointConfig();
  EXPECT_THROW(p.env.enableCheckpointing(9), FlinkException);
  EXPECT_THROW(config.setMaxConcurrentCheckpoints(0), FlinkException);
  EXPECT_THROW(config.setMinPauseBetweenCheckpoints(-1), FlinkException);
  EXPECT_THROW(config.setTolerableCheckpointFailureNumber(-1), FlinkException);
  EXPECT_THROW(config.setAlignmentTimeout(-1), FlinkException);
  EXPECT_FALSE(config.isCheckpointingEnabled());
}

TEST(EnvironmentTest, LastRestartStrategyCounts) {
  using std::chrono_literals::operator""min;
  using std::chrono_literals::operator""ms;
  using std::chrono_literals::operator""s;
  TestProgram p;
  const auto strategyAfter = [&p](const RestartStrategyConfiguration& strategy) {
    p.env.setRestartStrategy(strategy);
    numbersToNowhere(p.env);
    (void)p.executed();
    return p.execution.configuration.at("restart-strategy.type");
  };
  EXPECT_EQ(strategyAfter(RestartStrategies::fixedDelayRestart(3, 10s)), "fixed-delay");
  EXPECT_EQ(strategyAfter(RestartStrategies::failureRateRestart(3, 5min, 10s)), "failure-rate");
  EXPECT_EQ(
      strategyAfter(RestartStrategies::exponentialDelayRestart(1ms, 300s, 1.5, 60s, 0.1, true)),
      "exponential-delay");
  EXPECT_THAT(p.execution.configuration,
              testing::IsSupersetOf(
                  {Pair("restart-strategy.fixed-delay.attempts", "3"),
                   Pair("restart-strategy.fixed-delay.delay", "10 s"),
                   Pair("restart-strategy.failure-rate.failure-rate-interval", "5 min"),
                   Pair("restart-strategy.exponential-delay.initial-backoff", "1 ms"),
                   Pair("restart-strategy.exponential-delay.max-backoff", "5 min"),
                   Pair("restart-strategy.exponential-delay.backoff-multiplier", "1.5"),
                   Pair("restart-strategy.exponential-delay.reset-backoff-threshold", "1 min"),
                   Pair("restart-strategy.exponential-delay.jitter-factor", "0.1")}));
  EXPECT_EQ(strategyAfter(RestartStrategies::noRestart()), "none");
  EXPECT_THROW(RestartStrategies::fixedDelayRestart(-1, 10s), FlinkException);
}

TEST(EnvironmentTest, SettersWinOverConfiguration) {
  TestProgram p;
  p.env.setRuntimeMode(RuntimeExecutionMode::kAutomatic)
      .setBufferTimeout(-1)
      .disableOperatorChaining();
  numbersToNowhere(p.env);
  const auto graph = p.executed();
  EXPECT_EQ(graph.runtimeMode, graph::RuntimeMode::kAutomatic);
  EXPECT_EQ(graph.bufferTimeoutMs, -1);
  EXPECT_FALSE(graph.chainingEnabled);
  EXPECT_EQ(p.execution.configuration.at("execution.runtime-mode"), "AUTOMATIC");
}

TEST(EnvironmentTest, AMalformedValueIsAnError) {
  TestProgram p;
  Configuration configuration;
  configuration.setString("parallelism.default", "many");
  try {
    p.env.configure(configuration);
    FAIL();
  } catch (const FlinkException& error) {
    EXPECT_EQ(error.status().code(), ErrorCode::kConfigInvalidValue);
  }
}

TEST(EnvironmentTest, EachExecuteRunsWhatIsNew) {
  TestProgram p;
  const auto numbers = p.env.fromSequence(1, 3);
  numbers.addSink([](const std::int64_t&) {});
  EXPECT_EQ(p.executed().nodes.size(), 2U);
  numbers.map([](std::int64_t v) { return v; }).addSink([](const std::int64_t&) {});
  const auto second = p.executed();
  ASSERT_EQ(second.nodes.size(), 3U);
  EXPECT_EQ(second.nodes[0].id, 1);
  EXPECT_EQ(second.nodes[1].name, "Map");
  EXPECT_TRUE(p.executed().nodes.empty());
}

TEST(EnvironmentTest, AnUnreadSourceIsNotPartOfTheJob) {
  TestProgram p;
  (void)p.env.fromSequence(1, 3);
  numbersToNowhere(p.env);
  EXPECT_EQ(p.executed().nodes.size(), 2U);
}

TEST(EnvironmentTest, CollectionsAreEncodedByElement) {
  TestProgram p;
  p.env.fromElements("a", "bc").addSink([](const std::string&) {});
  p.env.fromCollection({1, 2, 3}).addSink([](int) {});
  const auto& collections = p.env.programGraph()->collections();
  ASSERT_EQ(collections.size(), 2U);
  EXPECT_EQ(*collections.at(1),
            types::serialize(std::string("a")) + types::serialize(std::string("bc")));
  EXPECT_EQ(collections.at(3)->size(), 3 * sizeof(int));
}

TEST(EnvironmentTest, SourceFunctionsRunOnceUnlessParallel) {
  class Ticks : public SourceFunction<std::int64_t> {
   public:
    void run(SourceContext<std::int64_t>& context) override { context.collect(1); }
    void cancel() override {}
  };
  class ParallelTicks : public RichParallelSourceFunction<std::int64_t> {
   public:
    void run(SourceContext<std::int64_t>& context) override { context.collect(1); }
    void cancel() override {}
  };
  TestProgram p;
  p.env.setParallelism(4);
  p.env.addSource(Ticks()).print();
  p.env.addSource(ParallelTicks(), "ticks").print();
  const auto graph = p.executed();
  EXPECT_EQ(graph.nodes[0].parallelism, 1);
  EXPECT_EQ(graph.nodes[0].name, "Source: Custom Source");
  EXPECT_FALSE(graph.nodes[0].bounded);
  EXPECT_TRUE(graph.nodes[0].isLegacySource);
  EXPECT_EQ(graph.nodes[2].parallelism, 4);
  EXPECT_EQ(graph.nodes[2].name, "Source: ticks");
}

TEST(EnvironmentTest, SerializerCallsOfTheJvmAreAcceptedAndNoted) {
  struct Event {};
  struct EventSerializer {};
  TestProgram p;
  p.env.getConfig()
      .enableForceKryo()
      .enableForceAvro()
      .registerTypeWithKryoSerializer<Event, EventSerializer>()
      .addDefaultKryoSerializer<Event, EventSerializer>()
      .setKryoRegistrator("com.example.Registrator")
      .setKryoRegistrationRequired(false)
      .enableForceKryo()
      .enableObjectReuse();
  EXPECT_THAT(
      p.env.getConfig().ignoredCalls(),
      ElementsAre("enableForceKryo", "enableForceAvro", "registerTypeWithKryoSerializer",
                  "addDefaultKryoSerializer", "setKryoRegistrator", "setKryoRegistrationRequired"));
  EXPECT_TRUE(p.env.getConfig().isObjectReuseEnabled());
}

TEST(EnvironmentTest, StrategiesHaveTheWordsOfTheirKeys) {
  EXPECT_EQ(configValue(StateBackendType::kRocksDb), "rocksdb");
  EXPECT_EQ(configValue(RestartStrategyType::kExponentialDelay), "exponential-delay");
  EXPECT_EQ(parseRestartStrategyType("FIXED_DELAY"), RestartStrategyType::kFixedDelay);
  EXPECT_EQ(parseRestartStrategyType("NO_RESTART"), RestartStrategyType::kNoRestart);
  EXPECT_EQ(parseStateBackendType("filesystem"), StateBackendType::kHashMap);
  EXPECT_EQ(parseRestartStrategyType("sometimes"), std::nullopt);
}

TEST(EnvironmentTest, PooledObjectsComeBack) {
  int made = 0;
  ObjectPool<std::string> pool([&made] {
    ++made;
    return std::make_unique<std::string>();
  });
  { *pool.borrow() = "used"; }
  EXPECT_EQ(*pool.borrow(), "used");
  EXPECT_EQ(made, 1);
  EXPECT_EQ(pool.numIdle(), 1U);
  auto kept = pool.borrow();
  pool.close();
  kept.reset();
  EXPECT_EQ(pool.numIdle(), 0U);
}

}  // namespace
}  // namespace flink::datastream
