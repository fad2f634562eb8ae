#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "core/config/configuration.h"
#include "core/config/option_list.h"

namespace flink::config {
namespace {

const std::string kConf = std::string(FLINK_SOURCE_DIR) + "/conf";

TEST(ShippedConfTest, LoadsStrictlyWithoutARemark) {
  const auto loaded = loadConfiguration(kConf, {"config.strict=true"});
  ASSERT_TRUE(loaded.isOk()) << loaded.status().toString();
  for (const ConfigWarning& warning : loaded->warnings) ADD_FAILURE() << warning.text;
  EXPECT_EQ(loaded->configuration.getString("jobmanager.memory.process.size"), "1600m");
  EXPECT_EQ(loaded->configuration.getString("taskmanager.memory.process.size"), "1728m");
}

TEST(ShippedConfTest, WhatStandsInCommentsAreKeysWithTheirDefaults) {
  std::ifstream in(kConf + "/config.yaml");
  std::ostringstream text;
  const std::regex commented("^( *)# ([a-zA-Z][a-zA-Z.-]*): (.*)$");
  std::set<int> linesOfDefaults;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (std::regex_match(line, commented)) linesOfDefaults.insert(number);
    text << std::regex_replace(line, commented, "$1$2: $3") << '\n';
  }
  EXPECT_GT(linesOfDefaults.size(), 10U);

  std::string directory = (std::filesystem::temp_directory_path() / "flink-conf-XXXXXX").string();
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  std::ofstream(directory + "/config.yaml") << text.str();
  const CheckedConfiguration checked = checkConfigurationFile(directory + "/config.yaml");
  std::filesystem::remove_all(directory);

  for (const Status& error : checked.errors) ADD_FAILURE() << error.toString();
  for (const ConfigWarning& warning : checked.warnings) ADD_FAILURE() << warning.text;
  for (const auto& [key, entry] : checked.configuration.entries()) {
    if (!linesOfDefaults.contains(entry.origin.line) || key.starts_with("metrics.")) continue;
    const OptionInfo* option = findOption(key);
    ASSERT_NE(option, nullptr) << key;
    EXPECT_EQ(entry.value, option->defaultText) << key;
  }
}

TEST(ShippedConfTest, OneWorkerAndOneMasterOnThisHost) {
  std::string line;
  ASSERT_TRUE(std::getline(std::ifstream(kConf + "/workers") >> std::ws, line));
  EXPECT_EQ(line, "localhost");
  ASSERT_TRUE(std::getline(std::ifstream(kConf + "/masters") >> std::ws, line));
  EXPECT_EQ(line, "localhost:8081");
}

}  // namespace
}  // namespace flink::config
