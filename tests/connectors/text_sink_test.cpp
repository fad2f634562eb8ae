#include "connectors/file/text_sink.h"

#include <gmock/gmock.h>

#include "core/base/error_codes.h"
#include "tests/connectors/temporary_directory.h"

namespace flink::connectors {
namespace {

class TextSinkTest : public testing::Test {
 protected:
  Result<TextFile> open(const std::string& name, int subtask, int parallelism,
                        WriteMode mode = WriteMode::kNoOverwrite) {
    return TextFile::open(dir_.files(), dir_.path(name), mode, subtask, parallelism);
  }
  void writeLine(TextFile& file, std::string_view line) {
    file.buffer() += line;
    ASSERT_TRUE(file.endLine().isOk());
  }
  TemporaryDirectory dir_;
};

TEST_F(TextSinkTest, OneSubtaskWritesAFileSeveralADirectory) {
  auto single = open("single", 0, 1);
  ASSERT_TRUE(single.isOk());
  const auto written = std::make_shared<metrics::Counter>();
  single->countInto({written});
  writeLine(*single, "a");
  EXPECT_TRUE(single->close().isOk());
  EXPECT_EQ(dir_.read("single"), "a\n");
  EXPECT_EQ(written->count(), 2);
  for (int subtask = 0; subtask < 2; ++subtask) {
    auto part = open("many", subtask, 2);
    ASSERT_TRUE(part.isOk()) << part.status().toString();
    writeLine(*part, std::to_string(subtask));
    EXPECT_TRUE(part->close().isOk());
  }
  EXPECT_EQ(dir_.read("many/1"), "0\n");
  EXPECT_EQ(dir_.read("many/2"), "1\n");
}

TEST_F(TextSinkTest, FlushedLinesCanBeRead) {
  auto file = open("f", 0, 1);
  writeLine(*file, "a");
  EXPECT_TRUE(file->flush().isOk());
  EXPECT_EQ(dir_.read("f"), "a\n");
  writeLine(*file, "b");
  EXPECT_TRUE(file->close().isOk());
  EXPECT_TRUE(file->close().isOk());
  EXPECT_EQ(dir_.read("f"), "a\nb\n");
}

TEST_F(TextSinkTest, ExistingFilesAreSafeUnlessTheyMayBeOverwritten) {
  dir_.write("f", "precious\n");
  const auto refused = open("f", 0, 1);
  ASSERT_FALSE(refused.isOk());
  EXPECT_EQ(refused.status().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(dir_.read("f"), "precious\n");
  auto file = open("f", 0, 1, WriteMode::kOverwrite);
  ASSERT_TRUE(file.isOk());
  EXPECT_TRUE(file->close().isOk());
  EXPECT_EQ(dir_.read("f"), "");
}

TEST_F(TextSinkTest, FilesAndDirectoriesAreNotMixedUp) {
  dir_.write("f", "");
  dir_.write("d/x", "");
  EXPECT_EQ(open("f", 0, 2, WriteMode::kOverwrite).status().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(open("d", 0, 1, WriteMode::kOverwrite).status().code(), ErrorCode::kAlreadyExists);
}

}  // namespace
}  // namespace flink::connectors
