#include "core/fs/owned_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "core/base/error_codes.h"
#include "core/fs/local_file_system.h"

namespace flink::fs {
namespace {

class OwnedDirectoryTest : public testing::Test {
 protected:
  OwnedDirectoryTest() {
    std::string pattern = testing::TempDir() + "flink_owned_XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    parent_ = pattern;
  }
  ~OwnedDirectoryTest() override { (void)files_->removeAll(parent_); }

  auto claim(const std::string& name, const std::string& kind = "tm") {
    return OwnedDirectory::claim(*files_, parent_, kind, name);
  }
  bool exists(const std::string& name) { return files_->status(parent_ + "/" + name).isOk(); }

  /// A process that takes a directory, writes into it and dies without a word.
  void dieHolding(const std::string& name) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto directory = claim(name);
      const auto made = files_->createDirectories((*directory)->path() + "/spilled/deep");
      ::_exit(directory.isOk() && made.isOk() ? 0 : 1);
    }
    int status = 1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }

  std::unique_ptr<FileSystem> files_ = makeLocalFileSystem();
  std::string parent_;
};

TEST_F(OwnedDirectoryTest, LivesAsLongAsItsOwner) {
  {
    const auto directory = claim("1");
    ASSERT_EQ(directory.status().toString(), "OK");
    EXPECT_EQ((*directory)->path(), parent_ + "/tm-1");
    EXPECT_TRUE(exists("tm-1"));
  }
  EXPECT_THAT(*files_->list(parent_), testing::IsEmpty());
}

TEST_F(OwnedDirectoryTest, OtherUsersHaveNoAccess) {
  const auto mode = [&] {
    struct stat found {};
    EXPECT_EQ(::lstat((parent_ + "/tm-1").c_str(), &found), 0);
    return found.st_mode & 0777;
  };
  {
    const auto directory = claim("1");
    EXPECT_EQ(mode(), 0700U);
  }
  ASSERT_EQ(::mkdir((parent_ + "/tm-1").c_str(), 0755), 0);
  {
    const auto directory = claim("1");
    EXPECT_EQ(mode(), 0700U);
  }
  ASSERT_EQ(::symlink("/tmp", (parent_ + "/tm-1").c_str()), 0);
  EXPECT_EQ(claim("1").status().code(), ErrorCode::kFileIo);
  EXPECT_FALSE(exists("tm-1.lock"));
}

TEST_F(OwnedDirectoryTest, NobodyElseGetsIt) {
  const auto directory = claim("1");
  EXPECT_EQ(claim("1").status().code(), ErrorCode::kAlreadyExists);
  EXPECT_TRUE(exists("tm-1"));
  EXPECT_EQ(claim("2").status().toString(), "OK");
}

TEST_F(OwnedDirectoryTest, SweepRemovesWhatTheDeadLeftAndNothingElse) {
  dieHolding("dead");
  const auto living = claim("living");
  const auto otherKind = claim("dead", "jm");
  ASSERT_TRUE(files_->createDirectories(parent_ + "/tm-unlocked").isOk());
  EXPECT_TRUE(exists("tm-dead/spilled/deep"));
  EXPECT_EQ(OwnedDirectory::sweep(*files_, parent_, "tm"), 1);
  EXPECT_FALSE(exists("tm-dead"));
  EXPECT_FALSE(exists("tm-dead.lock"));
  EXPECT_TRUE(exists("tm-living"));
  EXPECT_TRUE(exists("jm-dead"));
  EXPECT_TRUE(exists("tm-unlocked"));
  EXPECT_EQ(OwnedDirectory::sweep(*files_, parent_, "tm"), 0);
}

TEST_F(OwnedDirectoryTest, NameOfTheDeadMayBeTakenAgain) {
  dieHolding("1");
  const auto directory = claim("1");
  ASSERT_EQ(directory.status().toString(), "OK");
  EXPECT_TRUE(exists("tm-1"));
  EXPECT_FALSE(exists("tm-1/spilled"));
}

TEST_F(OwnedDirectoryTest, MissingParentHasNothingToSweep) {
  EXPECT_EQ(OwnedDirectory::sweep(*files_, parent_ + "/none", "tm"), 0);
  const auto directory = OwnedDirectory::claim(*files_, parent_ + "/none", "tm", "1");
  EXPECT_EQ(directory.status().toString(), "OK");
}

}  // namespace
}  // namespace flink::fs
