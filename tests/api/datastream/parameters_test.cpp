#include "api/datastream/parameters.h"

#include <gmock/gmock.h>

#include "api/datastream/flink_exception.h"

namespace flink {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParametersTest, ReadsAllForms) {
  const Parameters p({"--host", "localhost", "-port", "9999", "--rate=1.5", "--verbose", "--offset",
                      "-3", "input.txt"});
  EXPECT_EQ(p.get("host", "x"), "localhost");
  EXPECT_EQ(p.getInt("port", 1), 9999);
  EXPECT_EQ(p.getDouble("rate"), 1.5);
  EXPECT_TRUE(p.getBoolean("verbose", false));
  EXPECT_EQ(p.getLong("offset"), -3);
  EXPECT_THAT(p.positional(), ElementsAre("input.txt"));
}

TEST(ParametersTest, FallbacksServeMissingKeysOnly) {
  const Parameters p({"--a", "1"});
  EXPECT_EQ(p.get("b", "fallback"), "fallback");
  EXPECT_EQ(p.getInt("b", 7), 7);
  EXPECT_FALSE(p.getBoolean("b", false));
  EXPECT_TRUE(p.has("a"));
  EXPECT_FALSE(p.has("b"));
  EXPECT_EQ(p.get("b"), "");
}

TEST(ParametersTest, AKeyBeforeAKeyStandsAlone) {
  const Parameters p({"--flag", "--name", "x"});
  EXPECT_TRUE(p.has("flag"));
  EXPECT_EQ(p.get("flag"), "");
  EXPECT_EQ(p.get("name"), "x");
}

TEST(ParametersTest, ErrorsNameTheKey) {
  const Parameters p({"--port", "99x", "--on", "maybe"});
  EXPECT_THROW((void)p.getRequired("missing"), FlinkException);
  try {
    (void)p.getInt("port", 1);
    FAIL();
  } catch (const FlinkException& error) {
    EXPECT_THAT(error.what(), HasSubstr("not a 32-bit integer: --port=99x"));
  }
  EXPECT_THROW((void)p.getBoolean("on"), FlinkException);
  EXPECT_THROW((void)Parameters({"--n", "3000000000"}).getInt("n"), FlinkException);
}

TEST(ParametersTest, MapsAndArgumentsAreEquivalent) {
  const auto p = Parameters::fromMap({{"a", "1"}, {"b", "two"}});
  EXPECT_THAT(p.arguments(), ElementsAre("--a", "1", "--b", "two"));
  EXPECT_EQ(p.get("b"), "two");
}

}  // namespace
}  // namespace flink
