#include "core/fs/output_rotation.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "core/base/process.h"
#include "core/fs/local_file_system.h"

namespace flink::fs {
namespace {

class OutputRotationTest : public testing::Test {
 protected:
  OutputRotationTest() {
    std::string pattern = testing::TempDir() + "flink_output_XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    output_ = OwnedFd(::open(path().c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644));
  }
  ~OutputRotationTest() override { (void)files_->removeAll(directory_); }

  std::string path(const std::string& suffix = "") { return directory_ + "/worker.out" + suffix; }
  void print(const std::string& text) {
    ASSERT_EQ(::write(output_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string contentOf(const std::string& suffix) {
    std::ostringstream text;
    text << std::ifstream(path(suffix)).rdbuf();
    return text.str();
  }
  std::size_t numFiles() { return files_->list(directory_)->size(); }

  std::unique_ptr<FileSystem> files_ = makeLocalFileSystem();
  std::string directory_;
  OwnedFd output_;
};

TEST_F(OutputRotationTest, FullFileMakesRoomForANewOne) {
  print("first");
  ASSERT_EQ(rotateOutput(output_.get(), 6, 2).toString(), "OK");
  EXPECT_EQ(numFiles(), 1U) << "not full yet";
  print(" line");
  ASSERT_EQ(rotateOutput(output_.get(), 6, 2).toString(), "OK");
  print("second line");
  EXPECT_EQ(contentOf(".1"), "first line");
  EXPECT_EQ(contentOf(""), "second line");
}

TEST_F(OutputRotationTest, OldestFileLeaves) {
  for (const char* text : {"one", "two", "three", "four"}) {
    print(text);
    ASSERT_EQ(rotateOutput(output_.get(), 1, 2).toString(), "OK");
  }
  EXPECT_EQ(numFiles(), 3U);
  EXPECT_EQ(contentOf(".2"), "three");
  EXPECT_EQ(contentOf(".1"), "four");
  EXPECT_EQ(contentOf(""), "");
}

TEST_F(OutputRotationTest, PipesAndRemovedFilesAreLeftAlone) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const OwnedFd reader(ends[0]), writer(ends[1]);
  EXPECT_EQ(rotateOutput(writer.get(), 0, 2).toString(), "OK");
  print("text");
  ASSERT_EQ(::unlink(path().c_str()), 0);
  EXPECT_EQ(rotateOutput(output_.get(), 1, 2).toString(), "OK");
  EXPECT_EQ(numFiles(), 0U);
}

}  // namespace
}  // namespace flink::fs
