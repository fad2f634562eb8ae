#include "core/config/configuration.h"

#include <gtest/gtest.h>

#include "core/base/error_codes.h"
#include "core/config/options/core_options.h"
#include "core/config/options/execution_options.h"
#include "core/config/options/taskmanager_options.h"

namespace flink::config {
namespace {

TEST(ConfigurationTest, DefaultsAndSetValues) {
  Configuration configuration;
  EXPECT_EQ(*configuration.get(kParallelismDefault), 1);
  EXPECT_EQ(*configuration.get(kHeartbeatInterval), Millis(10'000));
  EXPECT_EQ(*configuration.get(kTaskmanagerMemorySegmentSize), kibibytes(32));
  configuration.set(kParallelismDefault, 4);
  configuration.set(kTaskmanagerMemoryManagedSize, mebibytes(512));
  EXPECT_EQ(*configuration.get(kParallelismDefault), 4);
  EXPECT_EQ(*configuration.get(kTaskmanagerMemoryManagedSize), mebibytes(512));
}

TEST(ConfigurationTest, OptionalSeesOnlyWhatWasSet) {
  Configuration configuration;
  EXPECT_FALSE(configuration.getOptional(kParallelismDefault)->has_value());
  EXPECT_FALSE(configuration.getOptional(kTaskmanagerMemoryProcessSize)->has_value());
  EXPECT_FALSE(configuration.get(kTaskmanagerMemoryProcessSize).isOk());
  EXPECT_EQ(*configuration.get(kPipelineName), "");
}

TEST(ConfigurationTest, LegacyKeyIsReadButTodaysWins) {
  Configuration configuration;
  configuration.setString("taskmanager.network.memory.fraction", "0.25");
  EXPECT_FLOAT_EQ(*configuration.get(kTaskmanagerMemoryNetworkFraction), 0.25F);
  configuration.setString("taskmanager.memory.network.fraction", "0.5");
  EXPECT_FLOAT_EQ(*configuration.get(kTaskmanagerMemoryNetworkFraction), 0.5F);
}

TEST(ConfigurationTest, MalformedValueNamesKeyPlaceAndForm) {
  Configuration configuration;
  configuration.setString("taskmanager.memory.managed.size", "lots", {"conf/config.yaml", 12});
  const Status status = configuration.get(kTaskmanagerMemoryManagedSize).status();
  EXPECT_EQ(status.code(), ErrorCode::kConfigInvalidValue);
  EXPECT_EQ(status.message(),
            "could not parse value: key=taskmanager.memory.managed.size value='lots' "
            "at=conf/config.yaml:12 "
            "type=MemorySize: a size starts with a number");
  EXPECT_EQ(configuration.getValidated(kTaskmanagerMemorySegmentSize), kibibytes(32));
}

TEST(ConfigurationTest, AddAllAndMaps) {
  Configuration first = Configuration::fromMap({{"a", "1"}, {"b", "2"}});
  first.addAll(Configuration::fromMap({{"b", "3"}}));
  EXPECT_EQ(first.toMap(), (std::map<std::string, std::string>{{"a", "1"}, {"b", "3"}}));
  first.remove("a");
  EXPECT_FALSE(first.contains("a"));
  EXPECT_EQ(first.getString("b"), "3");
}

TEST(ConfigurationTest, SecretsAreRecognised) {
  EXPECT_TRUE(isSensitiveKey("security.ssl.rest.key-password"));
  EXPECT_TRUE(isSensitiveKey("s3.secret-key"));
  EXPECT_TRUE(isSensitiveKey("security.rest.Token"));
  EXPECT_FALSE(isSensitiveKey("parallelism.default"));
}

}  // namespace
}  // namespace flink::config
