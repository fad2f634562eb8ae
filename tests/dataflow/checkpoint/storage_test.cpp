#include <gmock/gmock.h>

#include <filesystem>
#include <map>

#include "core/base/error_codes.h"
#include "dataflow/checkpoint/state_file.h"
#include "tests/dataflow/checkpoint/checkpoint_files.h"

namespace flink::checkpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using StorageTest = CheckpointFilesTest;

const SnapshotSettings kFiles{false, 0};
const SnapshotSettings kInlined{false, kNoInlineLimit};

TEST_F(StorageTest, FoldersAreFlinks) {
  const auto location = storage_->prepareCheckpoint(7);
  ASSERT_TRUE(location.isOk());
  EXPECT_EQ(location->directory, root_ + "/checkpoints/" + job_.toHex() + "/chk-7");
  EXPECT_EQ(location->sharedDirectory, root_ + "/checkpoints/" + job_.toHex() + "/shared");
  EXPECT_TRUE(files_->status(storage_->jobDirectory() + "/taskowned").isOk());
  const auto savepoint = storage_->prepareSavepoint(root_ + "/sp/", *rng_);
  ASSERT_TRUE(savepoint.isOk());
  EXPECT_THAT(savepoint->directory,
              MatchesRegex(root_ + "/sp/savepoint-" + job_.toHex().substr(0, 6) + "-[0-9a-f]+"));
  EXPECT_EQ(fileNameOf(savepoint->directory).size(),
            std::string("savepoint-123456-123456789012").size());
  EXPECT_EQ(savepoint->sharedDirectory, "");
}

TEST_F(StorageTest, CheckpointIsReadAsItWasWritten) {
  for (const SnapshotSettings& settings :
       {kFiles, kInlined, SnapshotSettings{true, 0}, SnapshotSettings{}}) {
    const CheckpointId id = 1 + static_cast<CheckpointId>(filesBelow(root_).size());
    const auto location = storage_->prepareCheckpoint(id);
    ASSERT_TRUE(location.isOk());
    const CheckpointMetadata written =
        writeCheckpoint(*location, id, SnapshotKind::kCheckpoint, settings);
    const auto loaded = loadMetadata(*files_, pointer_);
    ASSERT_TRUE(loaded.isOk()) << loaded.status().toString();
    EXPECT_EQ(loaded->id, id);
    EXPECT_EQ(loaded->job, job_);
    EXPECT_EQ(loaded->epoch, Epoch{3});
    ASSERT_THAT(loaded->operators, SizeIs(2));
    EXPECT_EQ(loaded->operators[0].uid, "count-uid");
    ASSERT_EQ(loaded->files.size(), written.files.size());
    for (std::size_t i = 0; i < written.files.size(); ++i) {
      EXPECT_EQ(loaded->files[i].path, written.files[i].path);
      EXPECT_EQ(loaded->files[i].digest, written.files[i].digest);
      EXPECT_EQ(loaded->files[i].inlined, written.files[i].inlined);
    }
    for (std::size_t op = 0; op < 2; ++op) {
      for (std::uint32_t s = 0; s < 2; ++s)
        EXPECT_EQ(loaded->operators[op].subtasks.at(s).blocks,
                  written.operators[op].subtasks.at(s).blocks);
    }
    SnapshotReader reader(*files_, loaded->files);
    const Blocks& blocks = loaded->operators[0].subtasks.at(1).blocks;
    ASSERT_THAT(blocks, SizeIs(3));
    std::string all;
    for (const BlockRef& block : blocks) {
      const auto content = reader.read(counts_, block);
      ASSERT_TRUE(content.isOk()) << content.status().toString();
      all += asText(*content).front();
    }
    EXPECT_EQ(all, "aub") << "blocks keep the order in which they were written";
    const auto report = verifyCheckpoint(*files_, pointer_.directory);
    ASSERT_TRUE(report.isOk()) << report.status().toString();
    EXPECT_THAT(report->damages, IsEmpty());
    EXPECT_EQ(report->numBlocks, 9U);
  }
}

TEST_F(StorageTest, KeyedBlocksOfCheckpointsAreSharedAndThoseOfSavepointsAreNot) {
  const auto location = storage_->prepareCheckpoint(1);
  writeCheckpoint(*location, 1, SnapshotKind::kCheckpoint, kFiles);
  EXPECT_THAT(filesBelow(storage_->sharedDirectory()), SizeIs(2));
  EXPECT_THAT(filesBelow(location->directory), SizeIs(3));
  const auto savepoint = storage_->prepareSavepoint(root_ + "/sp", *rng_);
  writeCheckpoint(*savepoint, 2, SnapshotKind::kSavepoint, kFiles);
  EXPECT_THAT(filesBelow(storage_->sharedDirectory()), SizeIs(2));
  EXPECT_THAT(filesBelow(savepoint->directory), SizeIs(3));
}

TEST_F(StorageTest, SmallStateNeedsNoFile) {
  const auto location = storage_->prepareCheckpoint(1);
  writeCheckpoint(*location, 1, SnapshotKind::kCheckpoint, SnapshotSettings{});
  EXPECT_THAT(filesBelow(storage_->jobDirectory()),
              ElementsAre(location->directory + "/_metadata"));
  const auto large = storage_->prepareCheckpoint(2);
  writeCheckpoint(*large, 2, SnapshotKind::kCheckpoint, SnapshotSettings{}, 30'000);
  EXPECT_THAT(filesBelow(storage_->sharedDirectory()), SizeIs(2));
}

TEST_F(StorageTest, LocationWithoutFilesKeepsEverythingInTheMetadata) {
  auto location = storage_->prepareCheckpoint(1);
  location->filesAllowed = false;
  writeCheckpoint(*location, 1, SnapshotKind::kCheckpoint, kFiles, 100'000);
  EXPECT_THAT(filesBelow(storage_->jobDirectory()),
              ElementsAre(location->directory + "/_metadata"));
}

TEST_F(StorageTest, CompressionMakesFilesSmaller) {
  const auto plain = storage_->prepareSavepoint(root_ + "/a", *rng_);
  const auto small = storage_->prepareSavepoint(root_ + "/b", *rng_);
  const TaskSnapshot a = writeTask(*plain, 0, {false, 0}, 50'000);
  const TaskSnapshot b = writeTask(*small, 0, {true, 0}, 50'000);
  EXPECT_LT(b.files[0].size * 10, a.files[0].size);
}

TEST_F(StorageTest, FoldersCanBeMoved) {
  const auto savepoint = storage_->prepareSavepoint(root_ + "/sp", *rng_);
  writeCheckpoint(*savepoint, 2, SnapshotKind::kSavepoint, kFiles);
  std::filesystem::rename(savepoint->directory, root_ + "/elsewhere");
  const auto moved = verifyCheckpoint(*files_, root_ + "/elsewhere/_metadata");
  ASSERT_TRUE(moved.isOk()) << moved.status().toString();
  EXPECT_THAT(moved->damages, IsEmpty());

  const auto location = storage_->prepareCheckpoint(3);
  writeCheckpoint(*location, 3, SnapshotKind::kCheckpoint, kFiles);
  std::filesystem::rename(storage_->jobDirectory(), root_ + "/job");
  const auto job = verifyCheckpoint(*files_, root_ + "/job/chk-3/");
  ASSERT_TRUE(job.isOk()) << job.status().toString();
  EXPECT_THAT(job->damages, IsEmpty());
}

TEST_F(StorageTest, WhatIsNoCheckpointIsSaidSo) {
  const auto missing = loadMetadata(*files_, root_ + "/nothing");
  ASSERT_FALSE(missing.isOk());
  EXPECT_EQ(missing.status().code(), ErrorCode::kCheckpointNotFound);
  const auto location = storage_->prepareCheckpoint(1);
  EXPECT_EQ(loadMetadata(*files_, location->directory).status().code(),
            ErrorCode::kCheckpointNotFound);
}

TEST_F(StorageTest, CompletedCheckpointIsNeverOverwritten) {
  const auto location = storage_->prepareCheckpoint(1);
  const CheckpointMetadata metadata =
      writeCheckpoint(*location, 1, SnapshotKind::kCheckpoint, kFiles);
  const std::string before = read(location->directory + "/_metadata");
  const auto again = storage_->store(*location, metadata);
  ASSERT_FALSE(again.isOk());
  EXPECT_EQ(again.status().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(storage_->prepareCheckpoint(1).status().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(read(location->directory + "/_metadata"), before);
  EXPECT_THAT(filesBelow(location->directory), SizeIs(3)) << "no temporary file stays";
}

TEST_F(StorageTest, LeftOversOfAnAbortedAttemptGo) {
  const auto location = storage_->prepareCheckpoint(1);
  writeTask(*location, 0, kFiles);
  EXPECT_THAT(filesBelow(location->directory), SizeIs(1));
  ASSERT_TRUE(storage_->prepareCheckpoint(1).isOk());
  EXPECT_THAT(filesBelow(location->directory), IsEmpty());
}

TEST_F(StorageTest, UnfinishedFilesLeaveNothing) {
  {
    SnapshotWriter writer(*files_, *rng_, *storage_->prepareCheckpoint(1), kFiles);
    writer.beginOperator(counts_);
    ASSERT_TRUE(
        writer.writeBlock(blockInfo(state::BlockKind::kKeyedBase, "x"), asBytes("y")).isOk());
    EXPECT_THAT(filesBelow(storage_->sharedDirectory()), SizeIs(1));
  }
  EXPECT_THAT(filesBelow(storage_->sharedDirectory()), IsEmpty());
}

TEST_F(StorageTest, FirstErrorOfTheDiskStaysTheSnapshots) {
  auto location = *storage_->prepareCheckpoint(1);
  write(root_ + "/no-directory", "x");
  location.sharedDirectory = root_ + "/no-directory";
  SnapshotWriter writer(*files_, *rng_, location, kFiles);
  writer.beginOperator(counts_);
  const Status first =
      writer.writeBlock(blockInfo(state::BlockKind::kKeyedBase, "x"), asBytes("y"));
  EXPECT_THAT(first.message(), HasSubstr("/no-directory/"));
  const auto finished = writer.finish();
  ASSERT_FALSE(finished.isOk());
  EXPECT_EQ(finished.status().toString(), first.toString());
  EXPECT_THAT(filesBelow(location.directory), IsEmpty());
}

TEST_F(StorageTest, PointerRefusesAnotherCheckpointsMetadata) {
  const auto first = storage_->prepareCheckpoint(1);
  writeCheckpoint(*first, 1, SnapshotKind::kCheckpoint, kInlined);
  const auto second = storage_->prepareCheckpoint(2);
  writeCheckpoint(*second, 2, SnapshotKind::kCheckpoint, kInlined);
  const std::string good = read(second->directory + "/_metadata");
  write(second->directory + "/_metadata", read(first->directory + "/_metadata"));
  EXPECT_THAT(loadMetadata(*files_, second->directory).status().message(),
              HasSubstr("it is checkpoint 1"));
  CheckpointPointer moved = pointer_;
  std::filesystem::rename(second->directory, root_ + "/copy");
  moved.directory = root_ + "/copy";
  EXPECT_THAT(loadMetadata(*files_, moved).status().message(), HasSubstr("not the file"));
  write(root_ + "/copy/_metadata", good);
  EXPECT_TRUE(loadMetadata(*files_, moved).isOk());
}

TEST_F(StorageTest, ReachabilityNoteIsFoundWhereItWasLeft) {
  ASSERT_TRUE(leaveReachabilityNote(*files_, storage_->jobDirectory(), "note-1").isOk());
  EXPECT_TRUE(findReachabilityNote(*files_, storage_->jobDirectory(), "note-1").isOk());
  ASSERT_TRUE(removeReachabilityNote(*files_, storage_->jobDirectory(), "note-1").isOk());
  const Status gone = findReachabilityNote(*files_, storage_->jobDirectory(), "note-1");
  EXPECT_EQ(gone.code(), ErrorCode::kCheckpointStorageUnusable);
  EXPECT_THAT(gone.message(), HasSubstr(storage_->jobDirectory()));
}

TEST_F(StorageTest, UnusableDirectoryIsNamed) {
  write(root_ + "/file", "x");
  CheckpointStorage storage(*files_, root_ + "/file", job_);
  const Status status = storage.initialize();
  EXPECT_EQ(status.code(), ErrorCode::kCheckpointStorageUnusable);
  EXPECT_THAT(status.message(), HasSubstr(root_ + "/file"));
}

}  // namespace
}  // namespace flink::checkpoint
