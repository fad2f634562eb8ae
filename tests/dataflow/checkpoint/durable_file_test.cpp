#include <gmock/gmock.h>

#include "core/base/error_codes.h"
#include "dataflow/checkpoint/durable_file.h"
#include "tests/dataflow/checkpoint/in_memory_file_system.h"

namespace flink::checkpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(DurableFileTest, IsSyncedBeforeItAppearsAndItsDirectoryAfterwards) {
  InMemoryFileSystem files;
  const auto written = writeDurably(files, "/d/f", "t", asBytes("content"));
  ASSERT_TRUE(written.isOk()) << written.status().toString();
  EXPECT_EQ(written->size, 7U);
  EXPECT_EQ(written->digest, digestOf(asBytes("content")));
  EXPECT_THAT(files.calls(),
              ElementsAre("open /d/f.inprogress-t", "append 7", "sync", "close", "status /d/f",
                          "rename /d/f.inprogress-t /d/f", "syncDirectory /d"));
}

TEST(DurableFileTest, AnyCallThatFailsLeavesNothing) {
  InMemoryFileSystem sound;
  ASSERT_TRUE(writeDurably(sound, "/d/f", "t", asBytes("content")).isOk());
  const std::size_t numCalls = sound.calls().size();
  for (std::size_t fail = 0; fail < numCalls; ++fail) {
    InMemoryFileSystem files;
    files.failCall(fail);
    const auto written = writeDurably(files, "/d/f", "t", asBytes("content"));
    ASSERT_FALSE(written.isOk()) << "call " << fail;
    EXPECT_EQ(written.status().code(), ErrorCode::kFileIo);
    EXPECT_THAT(files.contents(), IsEmpty()) << "after failing call " << sound.calls()[fail];
  }
}

TEST(DurableFileTest, FailedSyncIsNotTriedAgain) {
  InMemoryFileSystem files;
  files.failCall(2);
  EXPECT_FALSE(writeDurably(files, "/d/f", "t", asBytes("content")).isOk());
  EXPECT_THAT(files.calls(), ElementsAre("open /d/f.inprogress-t", "append 7", "sync",
                                         "remove /d/f.inprogress-t"));
}

TEST(DurableFileTest, FullDiskFailsTheFileAtItsEndToo) {
  InMemoryFileSystem files;
  files.failCall(1);
  auto file = DurableFile::create(files, "/d/f", "t");
  ASSERT_TRUE(file.isOk());
  EXPECT_FALSE((*file)->append(asBytes("a")).isOk());
  EXPECT_FALSE((*file)->append(asBytes("b")).isOk());
  const auto committed = (*file)->commit();
  ASSERT_FALSE(committed.isOk());
  EXPECT_THAT(committed.status().message(), HasSubstr("injected"));
}

TEST(DurableFileTest, TakenNameIsLeftAlone) {
  InMemoryFileSystem files;
  ASSERT_TRUE(writeDurably(files, "/d/f", "1", asBytes("first")).isOk());
  const auto second = writeDurably(files, "/d/f", "2", asBytes("second"));
  ASSERT_FALSE(second.isOk());
  EXPECT_EQ(second.status().code(), ErrorCode::kAlreadyExists);
  EXPECT_THAT(files.contents(), ElementsAre(Pair("/d/f", "first")));
}

TEST(PathTest, ParentsAndNames) {
  EXPECT_EQ(parentOf("/a/b/c"), "/a/b");
  EXPECT_EQ(parentOf("/a/b/"), "/a");
  EXPECT_EQ(parentOf("/a"), "/");
  EXPECT_EQ(parentOf("a"), ".");
  EXPECT_EQ(fileNameOf("/a/b/c"), "c");
  EXPECT_EQ(fileNameOf("/a/b/"), "b");
  EXPECT_EQ(fileNameOf("a"), "a");
}

}  // namespace
}  // namespace flink::checkpoint
