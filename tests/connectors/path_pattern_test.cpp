#include "connectors/file/path_pattern.h"

#include <gmock/gmock.h>

#include "core/base/error_codes.h"
#include "tests/connectors/temporary_directory.h"

namespace flink::connectors {
namespace {

using testing::ElementsAre;

TEST(PathPatternTest, WildcardsMatchWithinAName) {
  EXPECT_TRUE(matchesPattern("*.txt", "a.txt"));
  EXPECT_TRUE(matchesPattern("a*b*c", "a-b-b-c"));
  EXPECT_TRUE(matchesPattern("*", ""));
  EXPECT_TRUE(matchesPattern("?x", "ax"));
  EXPECT_TRUE(matchesPattern("[a-c]1", "b1"));
  EXPECT_TRUE(matchesPattern("[!a-c]1", "d1"));
  EXPECT_TRUE(matchesPattern("[]]", "]"));
  EXPECT_FALSE(matchesPattern("*.txt", "a.txt.gz"));
  EXPECT_FALSE(matchesPattern("?", ""));
  EXPECT_FALSE(matchesPattern("[a-c]", "d"));
  EXPECT_FALSE(matchesPattern("[a-c", "a"));
  EXPECT_FALSE(matchesPattern("a", "ab"));
}

class ListFilesTest : public testing::Test {
 protected:
  ListFilesTest() {
    for (const char* name : {"b.txt", "a.txt", "c.log", ".hidden", "_SUCCESS", "sub/d.txt",
                             "sub/deep/e.txt", "other/d.txt"}) {
      dir_.write(name, name);
    }
  }
  std::vector<std::string> names(const std::string& path, bool recursive = true) {
    auto found = listFiles(dir_.files(), dir_.path(path), recursive);
    EXPECT_TRUE(found.isOk()) << found.status().toString();
    std::vector<std::string> relative;
    for (const FileStatus& file : *found)
      relative.push_back(file.path.substr(dir_.path().size() + 1));
    return relative;
  }
  TemporaryDirectory dir_;
};

TEST_F(ListFilesTest, AFileIsItself) {
  EXPECT_THAT(names("a.txt"), ElementsAre("a.txt"));
}

TEST_F(ListFilesTest, DirectoriesLeaveHiddenFilesOut) {
  EXPECT_THAT(names("", false), ElementsAre("a.txt", "b.txt", "c.log"));
  EXPECT_THAT(names(""),
              ElementsAre("a.txt", "b.txt", "c.log", "other/d.txt", "sub/d.txt", "sub/deep/e.txt"));
}

TEST_F(ListFilesTest, PatternsMatchComponentByComponent) {
  EXPECT_THAT(names("*.txt"), ElementsAre("a.txt", "b.txt"));
  EXPECT_THAT(names("*/d.txt"), ElementsAre("other/d.txt", "sub/d.txt"));
  EXPECT_THAT(names("[st]ub/deep/*"), ElementsAre("sub/deep/e.txt"));
  EXPECT_THAT(names("s*"), ElementsAre("sub/d.txt", "sub/deep/e.txt"));
  EXPECT_THAT(names(".*"), ElementsAre(".hidden"));
}

TEST_F(ListFilesTest, ANameWithWildcardsMayExist) {
  dir_.write("odd[1].txt", "");
  EXPECT_THAT(names("odd[1].txt"), ElementsAre("odd[1].txt"));
}

TEST_F(ListFilesTest, UrisAndErrors) {
  EXPECT_EQ(listFiles(dir_.files(), "file://" + dir_.path("*.log"), true)->size(), 1U);
  EXPECT_EQ(listFiles(dir_.files(), dir_.path("nothing"), true).status().code(),
            ErrorCode::kFileNotFound);
  EXPECT_EQ(listFiles(dir_.files(), dir_.path("nothing*"), true).status().code(),
            ErrorCode::kFileNotFound);
}

}  // namespace
}  // namespace flink::connectors
