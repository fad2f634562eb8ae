#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error_codes.h"
#include "core/config/configuration.h"
#include "core/config/options/core_options.h"
#include "core/config/options/execution_options.h"
#include "core/config/options/jobmanager_options.h"
#include "core/config/options/metrics_options.h"
#include "core/config/options/rest_options.h"
#include "core/config/options/taskmanager_options.h"

namespace flink::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LoaderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "flink-config-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + "/" + name) << text;
  }
  Result<LoadedConfiguration> yaml(const std::string& text,
                                   const std::vector<std::string>& properties = {}) {
    write("config.yaml", text);
    return loadConfiguration(directory_, properties);
  }
  Result<LoadedConfiguration> flat(const std::string& text,
                                   const std::vector<std::string>& properties = {}) {
    write("flink-conf.yaml", text);
    return loadConfiguration(directory_, properties);
  }
  static std::string warningOf(const LoadedConfiguration& loaded, std::string_view key) {
    for (const ConfigWarning& warning : loaded.warnings) {
      if (warning.key == key) return warning.text;
    }
    return "";
  }

  std::string directory_;
};

TEST_F(LoaderTest, NestedAndDottedKeysMix) {
  const auto loaded = yaml(R"(# cluster
jobmanager:
  bind-host: localhost
  rpc:
    address: localhost
    port: 7123
  memory.process.size: 2gb
taskmanager.numberOfTaskSlots: 4
parallelism:
  default: 2
metrics.reporters: [prom, other]
io:
  tmp.dirs:
    - /a
    - "/b;c"
rest.port:
)");
  ASSERT_TRUE(loaded.isOk()) << loaded.status().toString();
  const Configuration& c = loaded->configuration;
  EXPECT_EQ(*c.get(kJobmanagerRpcPort), 7123);
  EXPECT_EQ(*c.get(kJobmanagerMemoryProcessSize), mebibytes(2048));
  EXPECT_EQ(*c.get(kTaskmanagerNumberOfTaskSlots), 4);
  EXPECT_EQ(*c.get(kParallelismDefault), 2);
  EXPECT_THAT(*c.get(kMetricsReporters), ElementsAre("prom", "other"));
  EXPECT_THAT(*c.get(kIoTmpDirs), ElementsAre("/a", "/b;c"));
  EXPECT_EQ(*c.get(kRestPort), 8081);
  EXPECT_EQ(c.entries().at("jobmanager.rpc.port").origin.toString(), directory_ + "/config.yaml:6");
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

TEST_F(LoaderTest, FlatFileWithBothSeparatorsCommentsAndFoldedText) {
  const auto loaded = flat(R"(# flat
jobmanager.rpc.address: localhost   # where
taskmanager.memory.process.size=4096m
taskmanager.memory.flink.size = 3.5g
env.java.opts: >
  -XX:+UseG1GC
  -XX:MaxGCPauseMillis=200

web.tmpdir: "/tmp/with # hash"
parallelism.default: 2
parallelism.default: 3
pipeline.name: a=b
)");
  ASSERT_TRUE(loaded.isOk()) << loaded.status().toString();
  const Configuration& c = loaded->configuration;
  EXPECT_EQ(*c.get(kJobmanagerRpcAddress), "localhost");
  EXPECT_EQ(*c.get(kTaskmanagerMemoryProcessSize), mebibytes(4096));
  EXPECT_EQ(*c.get(kTaskmanagerMemoryFlinkSize), mebibytes(3584));
  EXPECT_EQ(c.getString("env.java.opts"), "-XX:+UseG1GC -XX:MaxGCPauseMillis=200");
  EXPECT_EQ(*c.get(kParallelismDefault), 3);
  EXPECT_EQ(*c.get(kPipelineName), "a=b");
  EXPECT_EQ(warningOf(*loaded, "env.java.opts"),
            "env.java.opts has no effect: no process here is a JVM (" + directory_ +
                "/flink-conf.yaml:5)");
}

TEST_F(LoaderTest, StatementInAFileIsAnErrorWithItsLine) {
  const auto flatResult = flat("parallelism.default: 2\nenv.getConfig().enableForceKryo();\n");
  ASSERT_FALSE(flatResult.isOk());
  EXPECT_EQ(flatResult.status().code(), ErrorCode::kConfigMalformed);
  EXPECT_THAT(
      flatResult.status().message(),
      AllOf(HasSubstr("flink-conf.yaml:2"), HasSubstr("env.getConfig().enableForceKryo();")));
  for (const char* text :
       {"parallelism.default: 2\nenv.enableCheckpointing(60000);\nrest.port: 8081\n",
        "parallelism.default: 2\nenv.enableCheckpointing(60000);\n"}) {
    const auto yamlResult = yaml(text);
    ASSERT_FALSE(yamlResult.isOk()) << text;
    EXPECT_THAT(yamlResult.status().message(),
                AllOf(HasSubstr("config.yaml:2"), HasSubstr("env.enableCheckpointing(60000);")));
  }
  EXPECT_THAT(yaml("env.enableCheckpointing(60000);\n").status().message(),
              HasSubstr("config.yaml:1"));
}

TEST_F(LoaderTest, MalformedFilesNameTheLine) {
  EXPECT_THAT(yaml("a:\n  b: 1\n c: 2\n").status().message(), HasSubstr("config.yaml:3"));
  EXPECT_THAT(yaml("a: 1\na: 2\n").status().message(),
              AllOf(HasSubstr("config.yaml:2"), HasSubstr("line 1")));
  EXPECT_THAT(yaml("a:\n  b: 1\na.b: 2\n").status().message(), HasSubstr("config.yaml:3"));
  EXPECT_THAT(yaml("a: 1\nno separator here\n").status().message(), HasSubstr("config.yaml:2"));
  EXPECT_THAT(yaml("just words\n").status().message(), HasSubstr("expected `key: value`"));
  std::filesystem::remove(directory_ + "/config.yaml");
  EXPECT_THAT(flat("# x\n\nno separator here\n").status().message(),
              HasSubstr("flink-conf.yaml:3"));
  EXPECT_THAT(flat("rest:\n  port: 8081\n").status().message(),
              HasSubstr("config.yaml; write the whole key"));
}

TEST_F(LoaderTest, MalformedValueNamesFileAndLine) {
  const auto loaded = yaml("rest.port: 8081\ntaskmanager.memory.process.size: 17 parsecs\n");
  ASSERT_FALSE(loaded.isOk());
  EXPECT_EQ(loaded.status().code(), ErrorCode::kConfigInvalidValue);
  EXPECT_THAT(loaded.status().message(), AllOf(HasSubstr("key=taskmanager.memory.process.size"),
                                               HasSubstr("config.yaml:2"), HasSubstr("parsecs")));
  EXPECT_THAT(yaml("rest.port: 70000\n").status().message(),
              HasSubstr("expected a value in 0..65535"));
  EXPECT_THAT(yaml("execution.runtime-mode: BACKWARDS\n").status().message(),
              HasSubstr("STREAMING or BATCH"));
}

TEST_F(LoaderTest, LegacyKeyWorksAndNamesTodays) {
  const auto loaded =
      flat("taskmanager.network.memory.min: 256mb\ntaskmanager.network.buffer-timeout: 10\n");
  ASSERT_TRUE(loaded.isOk()) << loaded.status().toString();
  EXPECT_EQ(*loaded->configuration.get(kTaskmanagerMemoryNetworkMin), mebibytes(256));
  EXPECT_EQ(*loaded->configuration.get(kExecutionBufferTimeoutInterval), Millis(10));
  EXPECT_THAT(warningOf(*loaded, "taskmanager.network.memory.min"),
              HasSubstr("taskmanager.memory.network.min"));
  EXPECT_TRUE(loaded->configuration.contains("taskmanager.memory.network.min"));
}

TEST_F(LoaderTest, TodaysNameWinsWithinAFileAndArgumentsWinOverIt) {
  const std::string text =
      "taskmanager.memory.network.min: 32mb\ntaskmanager.network.memory.min: 256mb\n";
  EXPECT_EQ(*flat(text)->configuration.get(kTaskmanagerMemoryNetworkMin), mebibytes(32));
  const auto loaded =
      flat(text, {"taskmanager.network.memory.min=1m", "rest.port = 9999", "config.strict"});
  ASSERT_TRUE(loaded.isOk()) << loaded.status().toString();
  EXPECT_EQ(*loaded->configuration.get(kTaskmanagerMemoryNetworkMin), mebibytes(1));
  EXPECT_EQ(*loaded->configuration.get(kRestPort), 9999);
  EXPECT_TRUE(*loaded->configuration.get(kConfigStrict));
}

TEST_F(LoaderTest, UnknownKeyWarnsWithTheNearestAndIsAnErrorUnderStrict) {
  const auto loaded = yaml("taskmanager.numberOfTaskSlot: 2\n");
  ASSERT_TRUE(loaded.isOk());
  EXPECT_THAT(warningOf(*loaded, "taskmanager.numberOfTaskSlot"),
              HasSubstr("the nearest known key is taskmanager.numberOfTaskSlots"));
  const auto strict = yaml("config.strict: true\ntaskmanager.numberOfTaskSlot: 2\n");
  ASSERT_FALSE(strict.isOk());
  EXPECT_EQ(strict.status().code(), ErrorCode::kConfigUnknownKey);
  EXPECT_THAT(strict.status().message(),
              AllOf(HasSubstr("config.yaml:2"), HasSubstr("taskmanager.numberOfTaskSlots")));
  // A slip within a family of keys whose other members come later is a slip all the same.
  EXPECT_THAT(warningOf(*yaml("execution.runtime-mod: BATCH\n"), "execution.runtime-mod"),
              HasSubstr("execution.runtime-mode"));
}

TEST_F(LoaderTest, KeysWithoutEffectAreReportedOnceEvenUnderStrict) {
  const auto loaded = yaml(
      "config.strict: true\nakka.ask.timeout: 60s\nstate.backend: rocksdb\nakka.framesize: "
      "104857600b\n"
      "metrics.reporter.prom.port: 9249-9250\n");
  ASSERT_TRUE(loaded.isOk()) << loaded.status().toString();
  EXPECT_EQ(loaded->warnings.size(), 3U);
  EXPECT_THAT(warningOf(*loaded, "state.backend"), HasSubstr("not in this release"));
}

TEST_F(LoaderTest, TwoKeysOnOnePortAreAnError) {
  const auto loaded = yaml("rest.port: 6123\n");
  ASSERT_FALSE(loaded.isOk());
  EXPECT_THAT(loaded.status().message(),
              AllOf(HasSubstr("port=6123"), HasSubstr("jobmanager.rpc.port (default)"),
                    HasSubstr("rest.port"), HasSubstr("config.yaml:1")));
  EXPECT_TRUE(
      yaml("rest.port: 0\njobmanager.rpc.port: 0\njobmanager.event.port: 0\nblob.server.port: 0\n")
          .isOk());
  EXPECT_TRUE(yaml("rest.bind-port: 6123-6130\n").isOk());
  EXPECT_FALSE(yaml("metrics.reporter.prom.port: 8081\n").isOk());
}

TEST_F(LoaderTest, SizeWinsOverFractionAndSaysSo) {
  const auto loaded = yaml("taskmanager.memory.managed:\n  size: 1g\n  fraction: 0.4\n");
  ASSERT_TRUE(loaded.isOk());
  EXPECT_THAT(warningOf(*loaded, "taskmanager.memory.managed.fraction"),
              HasSubstr("taskmanager.memory.managed.size is set too and wins"));
}

TEST_F(LoaderTest, BalanceOfTasksIsSaidToBeThatOfSlots) {
  const auto loaded = yaml("taskmanager.load-balance.mode: TASKS\n");
  ASSERT_TRUE(loaded.isOk());
  EXPECT_THAT(warningOf(*loaded, "taskmanager.load-balance.mode"),
              AllOf(HasSubstr("TASKS does what SLOTS does"), HasSubstr("config.yaml:1")));
  EXPECT_TRUE(yaml("taskmanager.load-balance.mode: NONE\n")->warnings.empty());
}

TEST_F(LoaderTest, CheckFindsEverythingAtOnce) {
  write("config.yaml",
        "rest.port: many\nparallelism.default: 0\nheartbeat.timeout: 1 s\nfoo.bar: 1\nakka.x: 1\n"
        "metrics.reporter.prom.port: 99999\njobmanager.event.port: 6123\n");
  const CheckedConfiguration checked = checkConfigurationFile(directory_ + "/config.yaml");
  EXPECT_EQ(checked.errors.size(), 5U);
  EXPECT_EQ(checked.warnings.size(), 2U);
  EXPECT_EQ(checkConfigurationFile(directory_ + "/none.yaml").errors.size(), 1U);
}

TEST_F(LoaderTest, LogSettingsOfLog4jOneAndTwo) {
  write("log4j.properties", R"(# Log4j 2
monitorInterval = 30
rootLogger.level = WARN
rootLogger.appenderRef.file.ref = MainAppender
logger.flink.name = org.apache.flink.network
logger.flink.level = DEBUG
logger.unnamed.level = DEBUG
appender.main.type = RollingFile
appender.main.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %-60c %x - %m%n
appender.main.policies.size.size = 64MB
appender.main.strategy.max = ${env:FLINK_CPP_TEST_UNSET:-7}
appender.main.fileName = ${sys:log.file}
)");
  const auto two = yaml("env.log.max: 3\n");
  ASSERT_TRUE(two.isOk()) << two.status().toString();
  EXPECT_EQ(*two->configuration.get(kEnvLogLevel), "WARN");
  EXPECT_THAT(*two->configuration.get(kEnvLogLevels), ElementsAre("flink.network:DEBUG"));
  EXPECT_EQ(*two->configuration.get(kEnvLogMaxSize), mebibytes(64));
  EXPECT_EQ(*two->configuration.get(kEnvLogMax), 3);
  EXPECT_THAT(two->warnings, IsEmpty());

  write("log4j.properties",
        "log4j.rootLogger=INFO, console, file\nlog4j.appender.file.MaxFileSize=100MB\n"
        "log4j.appender.file.MaxBackupIndex=12\nlog4j.logger.org.apache.kafka=WARN\n"
        "log4j.logger.com.example.flink=DEBUG\n");
  const auto one = yaml("");
  ASSERT_TRUE(one.isOk()) << one.status().toString();
  EXPECT_EQ(*one->configuration.get(kEnvLogLevel), "INFO");
  EXPECT_EQ(*one->configuration.get(kEnvLogMax), 12);
  EXPECT_THAT(*one->configuration.get(kEnvLogLevels),
              ElementsAre("com.example.flink:DEBUG", "org.apache.kafka:WARN"));

  write("log4j.properties", "rootLogger.level = LOUD\n");
  EXPECT_THAT(yaml("").status().message(), HasSubstr("log4j.properties:1"));
  write("log4j.properties", "\nno separator\n");
  EXPECT_THAT(yaml("").status().message(), HasSubstr("log4j.properties:2"));
}

TEST_F(LoaderTest, JvmOptionsOfTheEnvironmentAreReported) {
  ASSERT_EQ(setenv("FLINK_ENV_JAVA_OPTS", "-Xmx8g", 1), 0);
  const auto loaded = yaml("");
  unsetenv("FLINK_ENV_JAVA_OPTS");
  ASSERT_TRUE(loaded.isOk());
  EXPECT_THAT(warningOf(*loaded, "FLINK_ENV_JAVA_OPTS"), HasSubstr("no process here is a JVM"));
}

TEST_F(LoaderTest, ReporterKeysAreChecked) {
  const auto bad = yaml("metrics.reporter.prom.port: 9249-x\n");
  ASSERT_FALSE(bad.isOk());
  EXPECT_THAT(bad.status().message(),
              AllOf(HasSubstr("metrics.reporter.prom.port"), HasSubstr("config.yaml:1")));
}

TEST_F(LoaderTest, HeartbeatTimeoutMustExceedInterval) {
  EXPECT_FALSE(yaml("heartbeat.timeout: 5 s\n").isOk());
}

TEST_F(LoaderTest, MissingFilesAndEmptyOnes) {
  EXPECT_EQ(loadConfiguration(directory_, {}).status().code(), ErrorCode::kFileNotFound);
  EXPECT_EQ(checkConfigurationFile(directory_ + "/x.yaml").errors.at(0).code(),
            ErrorCode::kFileNotFound);
  EXPECT_TRUE(loadConfiguration("", {"parallelism.default=2"}).isOk());
  EXPECT_EQ(loadConfiguration("", {"=2"}).status().code(), ErrorCode::kConfigMalformed);
  EXPECT_TRUE(yaml("").isOk());
  EXPECT_TRUE(yaml("# only a comment\n").isOk());
}

TEST_F(LoaderTest, ConfigYamlIsReadBeforeFlinkConf) {
  write("flink-conf.yaml", "parallelism.default: 7\n");
  const auto loaded = yaml("parallelism.default: 2\n");
  ASSERT_TRUE(loaded.isOk());
  EXPECT_EQ(*loaded->configuration.get(kParallelismDefault), 2);
  EXPECT_THAT(warningOf(*loaded, "flink-conf.yaml"), HasSubstr("not read"));
}

TEST_F(LoaderTest, HostileFilesGetAnErrorNotACrash) {
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += "{a: ";
  EXPECT_FALSE(yaml(deep).isOk());
  EXPECT_FALSE(yaml(std::string(2 << 20, 'x')).isOk());
  EXPECT_FALSE(yaml("a: &x [1, *x]\nb: !!binary \xff\xfe\n\t\t: ]").isOk());
  EXPECT_FALSE(yaml("? [a, b]\n: c\n").isOk());
}

}  // namespace
}  // namespace flink::config
