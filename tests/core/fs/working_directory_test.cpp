#include "core/fs/working_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "core/base/error_codes.h"
#include "core/fs/local_file_system.h"

namespace flink::fs {
namespace {

class WorkingDirectoryTest : public testing::Test {
 protected:
  WorkingDirectoryTest() {
    std::string pattern = testing::TempDir() + "flink_wd_XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  ~WorkingDirectoryTest() override { (void)base_->removeAll(directory_); }

  std::unique_ptr<FileSystem> base_ = makeLocalFileSystem();
  std::string directory_;
};

TEST_F(WorkingDirectoryTest, RelativePathsBeginInTheDirectory) {
  const auto files = makeFilesOfWorkingDirectory(*base_, directory_);
  auto file = files->openWrite("sub/a.txt");
  ASSERT_TRUE(file) << file.status().toString();
  EXPECT_TRUE((*file)->append(asBytes(std::string("abc"))));
  EXPECT_TRUE((*file)->close());
  ASSERT_TRUE(base_->status(directory_ + "/sub/a.txt"));
  EXPECT_TRUE(files->rename("file:sub/a.txt", "b.txt"));
  const auto read = files->openRead("./b.txt");
  ASSERT_TRUE(read) << read.status().toString();
  EXPECT_EQ((*read)->size(), 3U);
  EXPECT_TRUE(files->createDirectories("deep/er"));
  const auto children = files->list(".");
  ASSERT_TRUE(children) << children.status().toString();
  EXPECT_EQ(children->size(), 3U);
  EXPECT_TRUE(files->syncDirectory("deep"));
  EXPECT_TRUE(files->removeAll("deep"));
  EXPECT_FALSE(base_->status(directory_ + "/deep"));
}

TEST_F(WorkingDirectoryTest, AbsolutePathsAndOtherSchemesAreLeftAlone) {
  const auto files = makeFilesOfWorkingDirectory(*base_, "/nowhere");
  EXPECT_TRUE(files->status(directory_));
  EXPECT_TRUE(files->status("file://" + directory_));
  EXPECT_EQ(files->status("s3://bucket/a").status().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(files->status("").status().code(), ErrorCode::kInvalidArgument);
}

TEST_F(WorkingDirectoryTest, WithoutADirectoryRelativePathsAreRefused) {
  const auto files = makeFilesOfWorkingDirectory(*base_, "");
  for (const char* path : {"a.txt", "./a.txt", "file:a.txt"}) {
    const Status status = files->openWrite(path).status();
    EXPECT_EQ(status.code(), ErrorCode::kInvalidArgument) << path;
    EXPECT_THAT(status.message(), testing::HasSubstr(std::string("path=") + path));
  }
  EXPECT_TRUE(files->status(directory_));
}

}  // namespace
}  // namespace flink::fs
