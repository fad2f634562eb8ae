#include "core/config/docs/docs_pages.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace flink::config {
namespace {

std::string fileText(const std::string& name) {
  std::ifstream in(std::string(FLINK_SOURCE_DIR) + "/engine/docs/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A message that fits on a screen, instead of two whole pages.
void expectUpToDate(const std::string& name, const std::string& page) {
  std::istringstream have(fileText(name)), want(page);
  std::string haveLine, wantLine;
  for (int line = 1; std::getline(want, wantLine); ++line) {
    std::getline(have, haveLine);
    ASSERT_EQ(haveLine, wantLine) << "engine/docs/" << name << ":" << line
                                  << " is out of date; run flink-docs engine/docs";
  }
  EXPECT_FALSE(std::getline(have, haveLine))
      << "engine/docs/" << name << " has lines too many: " << haveLine;
}

TEST(DocsTest, ConfigPageIsUpToDate) {
  expectUpToDate("config.md", configPage());
}

TEST(DocsTest, ErrorsPageIsUpToDate) {
  expectUpToDate("errors.md", errorsPage());
}

}  // namespace
}  // namespace flink::config
