#include "core/config/option_list.h"

#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

#include "core/config/key_scope.h"
#include "core/config/known_keys.h"

namespace flink::config {
namespace {

std::string nameOfConstant(std::string_view key) {
  std::string name = "k";
  bool upper = true;
  for (const char c : key) {
    if (c == '.' || c == '-' || c == '_') {
      upper = true;
    } else {
      name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      upper = false;
    }
  }
  return name;
}

TEST(OptionListTest, EveryKeyHasOneWhoReadsIt) {
  for (const char* key : {"execution.runtime-mode", "restart-strategy.type", "pipeline.name",
                          "slot.request.timeout", "task.cancellation.timeout"})
    EXPECT_EQ(scopeOf(key), KeyScope::kJob) << key;
  for (const char* key : {"client.timeout", "jobmanager.rpc.port", "env.log.level"})
    EXPECT_EQ(scopeOf(key), KeyScope::kClient) << key;
  for (const char* key : {"jobstore.max-capacity", "heartbeat.timeout", "slot.idle.timeout",
                          "taskmanager.numberOfTaskSlots", "jobmanager.rpc.bind-port"})
    EXPECT_EQ(scopeOf(key), KeyScope::kCluster) << key;
}

TEST(OptionListTest, DefaultsAreValidAndKeysUnique) {
  std::set<std::string_view> keys;
  for (const OptionArea& area : allOptionAreas()) {
    for (const OptionInfo& option : area.options) {
      EXPECT_TRUE(keys.insert(option.key).second) << option.key;
      for (const std::string_view legacy : option.legacyKeys) {
        if (legacy.empty()) continue;
        EXPECT_TRUE(keys.insert(legacy).second) << legacy;
      }
      EXPECT_FALSE(option.description.empty()) << option.key;
      if (option.defaultText.empty()) continue;
      const Status status = option.check(option.defaultText, option.accepts);
      EXPECT_TRUE(status.isOk()) << option.key << ": " << status.toString();
    }
  }
}

TEST(OptionListTest, EveryConstantOfAHeaderIsListedUnderItsKey) {
  for (const OptionArea& area : allOptionAreas()) {
    const std::string path = std::string(FLINK_SOURCE_DIR) + "/engine/core/config/options/" +
                             std::string(area.name) + "_options.h";
    std::ifstream in(path);
    ASSERT_TRUE(in) << path;
    std::ostringstream text;
    text << in.rdbuf();
    const std::string header = text.str();
    std::size_t constants = 0;
    for (std::size_t at = header.find("inline constexpr ConfigOption<"); at != std::string::npos;
         at = header.find("inline constexpr ConfigOption<", at + 1)) {
      ++constants;
    }
    EXPECT_EQ(constants, area.options.size())
        << path << ": a constant is missing in the list of the .cpp";
    for (const OptionInfo& option : area.options) {
      EXPECT_NE(header.find(nameOfConstant(option.key) + "{"), std::string::npos)
          << option.key << " should be the constant " << nameOfConstant(option.key);
    }
  }
}

TEST(OptionListTest, OptionsAreFoundByOldNames) {
  ASSERT_NE(findOption("taskmanager.network.memory.min"), nullptr);
  EXPECT_EQ(findOption("taskmanager.network.memory.min")->key, "taskmanager.memory.network.min");
  EXPECT_EQ(findOption("no.such.key"), nullptr);
}

TEST(KnownKeysTest, KeysOfTheJvmAndOfLaterReleases) {
  for (const char* key :
       {"env.java.opts", "env.java.opts.taskmanager", "akka.ask.timeout", "pekko.framesize",
        "classloader.resolve-order", "pipeline.force-kryo", "rootLogger.appenderRef.console.ref"}) {
    EXPECT_EQ(classifyKey(key).kind, KeyKind::kIgnored) << key;
    EXPECT_FALSE(classifyKey(key).reason.empty()) << key;
  }
  for (const char* key :
       {"state.backend", "execution.checkpointing.unaligned.max-aligned-checkpoint-size",
        "high-availability", "high-availability.zookeeper.quorum", "security.ssl.internal.enabled",
        "table.exec.state.ttl", "yarn.application.name", "kubernetes.cluster-id",
        "queryable-state.proxy.ports", "s3.access-key"}) {
    EXPECT_EQ(classifyKey(key).kind, KeyKind::kLater) << key;
  }
  EXPECT_EQ(classifyKey("metrics.reporter.prom.port").kind, KeyKind::kEffective);
  EXPECT_EQ(classifyKey("statement").kind, KeyKind::kUnknown);
}

TEST(KnownKeysTest, NearestKey) {
  EXPECT_EQ(nearestKey("taskmanager.numberOfTaskSlot"), "taskmanager.numberOfTaskSlots");
  EXPECT_EQ(nearestKey("taskmanager.memory.proces.size"), "taskmanager.memory.process.size");
  EXPECT_EQ(nearestKey("paralelism.default"), "parallelism.default");
  EXPECT_EQ(nearestKey("zzzzzzzzzz"), std::nullopt);
}

}  // namespace
}  // namespace flink::config
