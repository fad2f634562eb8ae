#include "core/config/value_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flink::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::int64_t bytesOf(std::string_view text) {
  Result<MemorySize> parsed = ValueText<MemorySize>::parse(text);
  EXPECT_TRUE(parsed.isOk()) << text << ": " << parsed.status().toString();
  return parsed.isOk() ? parsed->bytes : -1;
}

std::int64_t millis(std::string_view text) {
  Result<Millis> parsed = ValueText<Millis>::parse(text);
  EXPECT_TRUE(parsed.isOk()) << text << ": " << parsed.status().toString();
  return parsed.isOk() ? parsed->count() : -1;
}

TEST(MemorySizeTextTest, EveryUnitAndSpelling) {
  EXPECT_EQ(bytesOf("1234"), 1234);
  EXPECT_EQ(bytesOf("104857600b"), 104857600);
  EXPECT_EQ(bytesOf("1 bytes"), 1);
  for (const char* text : {"64k", "64kb", "64 KiBiBytes", " 64 kb "})
    EXPECT_EQ(bytesOf(text), 64 << 10) << text;
  for (const char* text : {"3m", "3mb", "3 MB", "3mebibytes"})
    EXPECT_EQ(bytesOf(text), 3 << 20) << text;
  for (const char* text : {"2g", "2gb", "2 gibibytes"}) EXPECT_EQ(bytesOf(text), 2LL << 30) << text;
  for (const char* text : {"1t", "1tb", "1 tebibytes"}) EXPECT_EQ(bytesOf(text), 1LL << 40) << text;
}

TEST(MemorySizeTextTest, FractionsAreExact) {
  EXPECT_EQ(bytesOf("3.5g"), 3758096384);
  EXPECT_EQ(bytesOf("1.5g"), 1610612736);
  EXPECT_EQ(bytesOf("0.1k"), 102);
}

TEST(MemorySizeTextTest, WhatIsNoSizeIsRefused) {
  for (const char* text :
       {"", "  ", "kb", "-1m", "12 xb", "1,5g", "9223372036854775808", "9223372036854775807k"}) {
    EXPECT_FALSE(ValueText<MemorySize>::parse(text).isOk()) << text;
  }
  EXPECT_THAT(ValueText<MemorySize>::parse("12 xb").status().message(),
              HasSubstr("unit 'xb' is none of b, k, kb"));
}

TEST(MemorySizeTextTest, HumanReadableSwitchesUnitOnlyAboveIt) {
  EXPECT_EQ(MemorySize{1024}.toHumanReadableString(), "1024 bytes");
  EXPECT_EQ(MemorySize{1025}.toHumanReadableString(), "1.001kb (1025 bytes)");
  EXPECT_EQ(mebibytes(128).toHumanReadableString(), "128.000mb (134217728 bytes)");
  EXPECT_EQ(mebibytes(1024).toHumanReadableString(), "1024.000mb (1073741824 bytes)");
  EXPECT_EQ(MemorySize{1088}.toHumanReadableString(), "1.063kb (1088 bytes)");
  EXPECT_EQ(MemorySize{0}.toHumanReadableString(), "0 bytes");
}

TEST(MemorySizeTextTest, FormatParsesBack) {
  for (const std::int64_t bytes : {0LL, 1LL, 1024LL, 1025LL, 134217728LL, 9223372036854775807LL}) {
    EXPECT_EQ(bytesOf(ValueText<MemorySize>::format({bytes})), bytes);
  }
  EXPECT_EQ(ValueText<MemorySize>::format(mebibytes(64)), "64 mb");
}

TEST(DurationTextTest, EveryUnitAndSpelling) {
  EXPECT_EQ(millis("60000"), 60000);
  EXPECT_EQ(millis("100ms"), 100);
  for (const char* text : {"10s", "10 s", "10sec", "10 secs", "10 second", "10 Seconds"})
    EXPECT_EQ(millis(text), 10000) << text;
  for (const char* text : {"10min", "10 m", "10 minute", "10 minutes"})
    EXPECT_EQ(millis(text), 600000) << text;
  for (const char* text : {"2h", "2 hour", "2 hours"}) EXPECT_EQ(millis(text), 7200000) << text;
  for (const char* text : {"1d", "1 day", "1 days"}) EXPECT_EQ(millis(text), 86400000) << text;
  EXPECT_EQ(millis("5000000 ns"), 5);
  EXPECT_EQ(millis("3000 µs"), 3);
  EXPECT_EQ(millis("2500 micros"), 2);
}

TEST(DurationTextTest, FractionsAndIso) {
  EXPECT_EQ(millis("1.5 s"), 1500);
  EXPECT_EQ(millis("PT10S"), 10000);
  EXPECT_EQ(millis("P1DT2H3M4.5S"), 93784500);
}

TEST(DurationTextTest, WhatIsNoDurationIsRefused) {
  for (const char* text :
       {"", "s", "-1 s", "10 parsecs", "1 h 30 min", "P", "PT", "P10S", "999999999999999999 d"}) {
    EXPECT_FALSE(ValueText<Millis>::parse(text).isOk()) << text;
  }
}

TEST(ListTextTest, CommasSemicolonsBracketsAndQuotes) {
  EXPECT_THAT(*ValueText<ConfigList>::parse("prometheus,jmx"), ElementsAre("prometheus", "jmx"));
  EXPECT_THAT(*ValueText<ConfigList>::parse(" zk1:2181 , zk2:2181"),
              ElementsAre("zk1:2181", "zk2:2181"));
  EXPECT_THAT(*ValueText<ConfigList>::parse("a,b;c"), ElementsAre("a,b", "c"));
  EXPECT_THAT(*ValueText<ConfigList>::parse("[a, b]"), ElementsAre("a", "b"));
  EXPECT_THAT(*ValueText<ConfigList>::parse("'a;b';\"c\"\"d\";'it''s'"),
              ElementsAre("a;b", "c\"d", "it's"));
  EXPECT_FALSE(ValueText<ConfigList>::parse("'open").isOk());
}

TEST(ListTextTest, FormatParsesBack) {
  const ConfigList list = {"plain", "with;semicolon", "with,comma", "it's", "\"q\"", " space "};
  EXPECT_EQ(*ValueText<ConfigList>::parse(ValueText<ConfigList>::format(list)), list);
  EXPECT_EQ(*ValueText<ConfigList>::parse(ValueText<ConfigList>::format({"a,b"})),
            ConfigList{"a,b"});
}

TEST(NumberTextTest, RangesAndForms) {
  EXPECT_EQ(*ValueText<int>::parse(" 42 "), 42);
  EXPECT_FALSE(ValueText<int>::parse("2147483648").isOk());
  EXPECT_FALSE(ValueText<int>::parse("4 slots").isOk());
  EXPECT_EQ(*ValueText<std::int64_t>::parse("2147483648"), 2147483648);
  EXPECT_EQ(*ValueText<float>::parse("0.1"), 0.1F);
  EXPECT_FALSE(ValueText<double>::parse("nan").isOk());
  EXPECT_TRUE(*ValueText<bool>::parse("TRUE"));
  EXPECT_FALSE(ValueText<bool>::parse("yes").isOk());
}

TEST(PortsTest, PortListAndRange) {
  EXPECT_THAT(*parsePorts("8081"), ElementsAre(8081));
  EXPECT_THAT(*parsePorts("9249-9252"), ElementsAre(9249, 9250, 9251, 9252));
  EXPECT_THAT(*parsePorts("50100, 50200-50202,50201"), ElementsAre(50100, 50200, 50201, 50202));
  EXPECT_THAT(*parsePorts(" 8081 , 8085 - 8087,"), ElementsAre(8081, 8085, 8086, 8087));
  for (const char* text : {"", ",", "65536", "-1", "9-8", "a-b", "80:90", "80-", "80-90-100",
                           "80,,90", "80;90", "80-90,abc"})
    EXPECT_FALSE(parsePorts(text).isOk()) << text;
  EXPECT_THAT(parsePorts("80-90,abc-100").status().message(), testing::HasSubstr("'abc-100'"));
  EXPECT_EQ(formatPorts({8081, 8085, 8086, 8087, 80}), "8081,8085-8087,80");
  EXPECT_EQ(parsePorts("0-65535")->size(), 65536U);
}

TEST(AcceptedValuesTest, RangesWordsAndPowers) {
  EXPECT_TRUE(checkAccepted(0.4, "0..1").isOk());
  EXPECT_FALSE(checkAccepted(1.5, "0..1").isOk());
  EXPECT_FALSE(checkAccepted(std::int64_t{0}, ">=1").isOk());
  EXPECT_TRUE(checkAccepted(std::int64_t{-1}, "-1..32768").isOk());
  EXPECT_FALSE(checkAccepted(std::int64_t{70000}, "port").isOk());
  EXPECT_TRUE(checkAccepted(kibibytes(32), "power of two >=4096").isOk());
  EXPECT_FALSE(checkAccepted(kibibytes(33), "power of two >=4096").isOk());
  EXPECT_FALSE(checkAccepted(kibibytes(2), "power of two >=4096").isOk());
  EXPECT_TRUE(checkAccepted(std::string("batch"), "STREAMING|BATCH|AUTOMATIC").isOk());
  EXPECT_THAT(checkAccepted(std::string("x"), "STREAMING|BATCH").message(),
              HasSubstr("expected STREAMING or BATCH"));
}

}  // namespace
}  // namespace flink::config
