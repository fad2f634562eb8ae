#include "core/fs/local_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <numeric>

#include "core/base/error_codes.h"

namespace flink::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LocalFileSystemTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "flink_fs_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { EXPECT_TRUE(files_->removeAll(directory_)); }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
  void write(const std::string& to, const std::string& text, bool append = false) {
    auto file = files_->openWrite(to, append);
    ASSERT_TRUE(file) << file.status().toString();
    ASSERT_TRUE((*file)->append(asBytes(text)));
    ASSERT_TRUE((*file)->close());
  }
  std::string read(const std::string& from) {
    auto file = files_->openRead(from);
    EXPECT_TRUE(file) << file.status().toString();
    if (!file) return "";
    std::string text((*file)->size(), '\0');
    auto got = (*file)->readAt(0, std::as_writable_bytes(std::span(text)));
    EXPECT_EQ(*got, text.size());
    return text;
  }
  std::string directory_;
  std::unique_ptr<FileSystem> files_ = makeLocalFileSystem();
};

TEST_F(LocalFileSystemTest, WritesAndReads) {
  write(path("a/b/c.txt"), "hello");  // makes the directories
  EXPECT_EQ(read(path("a/b/c.txt")), "hello");
  write(path("a/b/c.txt"), " world", /*append=*/true);
  EXPECT_EQ(read(path("a/b/c.txt")), "hello world");
  write(path("a/b/c.txt"), "new");
  EXPECT_EQ(read(path("a/b/c.txt")), "new");
}

TEST_F(LocalFileSystemTest, ReadsAtAnyOffset) {
  write(path("f"), "0123456789");
  auto file = files_->openRead(path("f"));
  std::string out(4, ' ');
  EXPECT_EQ(*(*file)->readAt(3, std::as_writable_bytes(std::span(out))), 4U);
  EXPECT_EQ(out, "3456");
  EXPECT_EQ(*(*file)->readAt(8, std::as_writable_bytes(std::span(out))), 2U);
  EXPECT_EQ(out.substr(0, 2), "89");
  EXPECT_EQ(*(*file)->readAt(100, std::as_writable_bytes(std::span(out))), 0U);
}

TEST_F(LocalFileSystemTest, SmallAppendsAreBufferedAndLargeOnesAreNot) {
  auto file = files_->openWrite(path("f"));
  const std::string large(300'000, 'x');
  ASSERT_TRUE((*file)->append(asBytes("small")));
  EXPECT_EQ(files_->status(path("f"))->size, 0U);
  ASSERT_TRUE((*file)->flush());
  EXPECT_EQ(files_->status(path("f"))->size, 5U);
  ASSERT_TRUE((*file)->append(asBytes("!")));
  ASSERT_TRUE((*file)->append(asBytes(large)));
  EXPECT_EQ(files_->status(path("f"))->size, 300'006U);
  ASSERT_TRUE((*file)->append(asBytes("end")));
  ASSERT_TRUE((*file)->sync());
  ASSERT_TRUE((*file)->close());
  ASSERT_TRUE((*file)->close());
  EXPECT_EQ((*file)->append(asBytes("late")).code(), ErrorCode::kFileIo);
  EXPECT_EQ(read(path("f")), "small!" + large + "end");
}

TEST_F(LocalFileSystemTest, DroppedFileKeepsItsBytes) {
  {
    auto file = files_->openWrite(path("f"));
    ASSERT_TRUE((*file)->append(asBytes("kept")));
  }
  EXPECT_EQ(read(path("f")), "kept");
}

TEST_F(LocalFileSystemTest, ListsDirectChildrenSorted) {
  write(path("b"), "22");
  write(path("a"), "1");
  write(path("dir/inner"), "x");
  std::filesystem::create_symlink("nowhere", path("dangling"));
  const auto children = files_->list(directory_);
  ASSERT_TRUE(children);
  std::vector<std::string> names;
  for (const FileStatus& child : *children)
    names.push_back(child.path.substr(directory_.size() + 1));
  EXPECT_THAT(names, ElementsAre("a", "b", "dir"));
  EXPECT_EQ((*children)[1].size, 2U);
  EXPECT_GT((*children)[1].modifiedMs, 1'600'000'000'000);
  EXPECT_TRUE((*children)[2].isDirectory);
  EXPECT_EQ(files_->list(directory_ + "/")->front().path, path("a"));
}

TEST_F(LocalFileSystemTest, UnderstandsFileUris) {
  write("file://" + path("f"), "1");
  EXPECT_EQ(read("file:" + path("f")), "1");
  EXPECT_EQ(read("file://localhost" + path("f")), "1");
  EXPECT_EQ(files_->status("file://" + path("f"))->path, path("f"));
  EXPECT_EQ(files_->openRead("file://elsewhere/f").status().code(), ErrorCode::kInvalidArgument);
  const auto hdfs = files_->openRead("hdfs://namenode/f");
  EXPECT_EQ(hdfs.status().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(hdfs.status().message(), HasSubstr("scheme=hdfs"));
  EXPECT_EQ(files_->status("").status().code(), ErrorCode::kInvalidArgument);
}

TEST_F(LocalFileSystemTest, ErrorsSayWhatAndWhy) {
  const auto missing = files_->openRead(path("nothing"));
  EXPECT_EQ(missing.status().code(), ErrorCode::kFileNotFound);
  EXPECT_THAT(missing.status().message(), HasSubstr(path("nothing")));
  EXPECT_EQ(files_->status(path("nothing")).status().code(), ErrorCode::kFileNotFound);
  EXPECT_EQ(files_->list(path("nothing")).status().code(), ErrorCode::kFileNotFound);
  write(path("file"), "x");
  EXPECT_EQ(files_->openRead(directory_).status().code(), ErrorCode::kFileIo);
  EXPECT_EQ(files_->list(path("file")).status().code(), ErrorCode::kFileIo);
  EXPECT_EQ(files_->openWrite(path("file/below")).status().code(), ErrorCode::kFileIo);
  if (::geteuid() != 0) {
    ASSERT_EQ(::chmod(path("file").c_str(), 0), 0);
    EXPECT_EQ(files_->openRead(path("file")).status().code(), ErrorCode::kFileAccessDenied);
  }
}

TEST_F(LocalFileSystemTest, RenamesAndRemoves) {
  write(path("a"), "1");
  EXPECT_TRUE(files_->rename(path("a"), path("b")));
  EXPECT_EQ(read(path("b")), "1");
  EXPECT_EQ(files_->rename(path("a"), path("c")).code(), ErrorCode::kFileNotFound);
  EXPECT_TRUE(files_->createDirectories(path("x/y/z")));
  EXPECT_TRUE(files_->createDirectories(path("x/y/z")));
  EXPECT_TRUE(files_->syncDirectory(path("x")));
  EXPECT_TRUE(files_->removeAll(path("x")));
  EXPECT_TRUE(files_->removeAll(path("x")));
  EXPECT_EQ(files_->status(path("x")).status().code(), ErrorCode::kFileNotFound);
}

}  // namespace
}  // namespace flink::fs
