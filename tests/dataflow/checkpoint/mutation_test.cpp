#include <gmock/gmock.h>

#include <map>
#include <set>

#include "core/base/error_codes.h"
#include "dataflow/checkpoint/state_file.h"
#include "tests/dataflow/checkpoint/checkpoint_files.h"
#include "tests/dataflow/checkpoint/in_memory_file_system.h"

namespace flink::checkpoint {
namespace {

/// Damages every file of a checkpoint in every way, and expects each time that it is refused by
/// the name of the file and the place in it: by verifying and by loading the state.
class MutationTest : public CheckpointFilesTest {
 protected:
  MutationTest() : CheckpointFilesTest(std::make_unique<InMemoryFileSystem>(), "/memory") {}

  void makeCheckpoint(const SnapshotSettings& settings) {
    location_ = *storage_->prepareCheckpoint(5);
    writeCheckpoint(location_, 5, SnapshotKind::kCheckpoint, settings);
    for (const std::string& path : filesBelow(storage_->jobDirectory()))
      contents_.emplace(path, read(path));
  }

  /// What a restore does, down to the last block.
  Status restore() {
    FLINK_ASSIGN_OR_RETURN(const CheckpointMetadata metadata, loadMetadata(*files_, pointer_));
    SnapshotReader reader(*files_, metadata.files);
    for (const OperatorState& op : metadata.operators) {
      for (const auto& [index, subtask] : op.subtasks) {
        for (const BlockRef& block : subtask.blocks)
          FLINK_RETURN_IF_ERROR(reader.read(op.id, block).status());
      }
      for (const BlockRef& block : op.coordinatorBlocks)
        FLINK_RETURN_IF_ERROR(reader.read(op.id, block).status());
    }
    return Status::ok();
  }

  Status verify() {
    FLINK_ASSIGN_OR_RETURN(const VerifyReport report,
                           verifyCheckpoint(*files_, location_.directory));
    return report.damages.empty() ? Status::ok() : report.damages.front();
  }

  void expectRefused(const Status& status, const std::string& path, const std::string& what) {
    ASSERT_FALSE(status.isOk()) << what << " of " << path << " was not noticed";
    ASSERT_EQ(status.code(), ErrorCode::kCheckpointCorrupt) << status.toString();
    ASSERT_NE(status.message().find("file=" + path), std::string::npos) << status.toString();
    ASSERT_NE(status.message().find(" block="), std::string::npos) << status.toString();
  }

  /// Writes the damaged content, has it refused, and puts the good one back.
  void expectRefused(const std::string& path, const std::string& content, const std::string& what) {
    if (content == contents_.at(path)) return;
    write(path, content);
    expectRefused(verify(), path, what);
    expectRefused(restore(), path, what);
    write(path, contents_.at(path));
    ++numMutations_;
  }

  void flipEveryByte(const std::string& path) {
    std::string content = contents_.at(path);
    for (std::size_t i = 0; i < content.size(); ++i) {
      const char good = content[i];
      content[i] = static_cast<char>(good ^ (1 << rng_->below(8)));
      expectRefused(path, content, "a flipped bit at " + std::to_string(i));
      if (HasFatalFailure()) return;
      content[i] = good;
    }
  }
  void truncateEverywhere(const std::string& path) {
    const std::string& content = contents_.at(path);
    for (std::size_t size = 0; size < content.size(); size += 1 + size / 16) {
      expectRefused(path, content.substr(0, size), "a cut at " + std::to_string(size));
      if (HasFatalFailure()) return;
    }
    expectRefused(path, content.substr(0, content.size() - 1), "a cut before the end");
    expectRefused(path, content + '\0', "a byte too many");
    expectRefused(path, content + content, "a second copy");
  }
  void swapRegions(const std::string& path, int times) {
    const std::string& content = contents_.at(path);
    for (int i = 0; i < times; ++i) {
      const std::size_t size = 1 + rng_->below(content.size() / 2);
      const std::size_t first = rng_->below(content.size() - 2 * size + 1);
      const std::size_t second = first + size + rng_->below(content.size() - first - 2 * size + 1);
      std::string swapped = content;
      swapped.replace(first, size, content, second, size);
      swapped.replace(second, size, content, first, size);
      expectRefused(path, swapped, "regions that changed places");
      if (HasFatalFailure()) return;
    }
  }
  void swapRegionsBetween(const std::string& a, const std::string& b, int times) {
    const std::string& left = contents_.at(a);
    const std::string& right = contents_.at(b);
    for (int i = 0; i < times; ++i) {
      const std::size_t size = 1 + rng_->below(std::min(left.size(), right.size()));
      const std::size_t at = rng_->below(std::min(left.size(), right.size()) - size + 1);
      std::string mixed = left;
      mixed.replace(at, size, right, at, size);
      expectRefused(a, mixed, "a region of another file");
      if (HasFatalFailure()) return;
    }
  }

  CheckpointLocation location_;
  std::map<std::string, std::string> contents_;
  int numMutations_ = 0;
};

TEST_F(MutationTest, EveryDamageOfEveryFileIsRefusedByItsName) {
  makeCheckpoint({false, 0});
  ASSERT_EQ(contents_.size(), 5U);
  ASSERT_TRUE(verify().isOk());
  ASSERT_TRUE(restore().isOk());
  for (const auto& [path, content] : contents_) {
    ASSERT_NO_FATAL_FAILURE(flipEveryByte(path));
    ASSERT_NO_FATAL_FAILURE(truncateEverywhere(path));
    ASSERT_NO_FATAL_FAILURE(swapRegions(path, 60));
    for (const auto& [other, ignored] : contents_) {
      if (other == path) continue;
      ASSERT_NO_FATAL_FAILURE(swapRegionsBetween(path, other, 20));
    }
  }
  EXPECT_GE(numMutations_, 2'000);
  EXPECT_TRUE(verify().isOk());
  RecordProperty("mutations", numMutations_);
}

TEST_F(MutationTest, InlinedStateIsCoveredByTheMetadata) {
  makeCheckpoint({true, kNoInlineLimit});
  ASSERT_EQ(contents_.size(), 1U);
  const std::string path = contents_.begin()->first;
  ASSERT_NO_FATAL_FAILURE(flipEveryByte(path));
  ASSERT_NO_FATAL_FAILURE(truncateEverywhere(path));
  ASSERT_NO_FATAL_FAILURE(swapRegions(path, 200));
  EXPECT_GE(numMutations_, 1'000);
}

TEST_F(MutationTest, CompressedBlocksAreCoveredToo) {
  makeCheckpoint({true, 0});
  for (const auto& [path, content] : contents_) {
    ASSERT_NO_FATAL_FAILURE(flipEveryByte(path));
    ASSERT_NO_FATAL_FAILURE(swapRegions(path, 20));
  }
}

TEST_F(MutationTest, MissingStateFileIsRefusedByItsName) {
  makeCheckpoint({false, 0});
  for (const auto& [path, content] : contents_) {
    if (fileNameOf(path) == kMetadataFileName) continue;
    ASSERT_TRUE(files_->removeAll(path).isOk());
    ASSERT_NO_FATAL_FAILURE(expectRefused(verify(), path, "the absence"));
    ASSERT_NO_FATAL_FAILURE(expectRefused(restore(), path, "the absence"));
    write(path, content);
  }
}

TEST_F(MutationTest, WholeFilesThatChangedPlacesAreRefused) {
  makeCheckpoint({false, 0});
  for (const auto& [a, contentOfA] : contents_) {
    for (const auto& [b, contentOfB] : contents_) {
      if (a == b) continue;
      ASSERT_NO_FATAL_FAILURE(expectRefused(a, contentOfB, "another file's content"));
    }
  }
}

TEST_F(MutationTest, BlocksOfEarlierWritesDoNotFit) {
  // The same state written twice: same blocks, same places, another file id.
  makeCheckpoint({false, 0});
  std::vector<std::string> before;
  for (const auto& [path, content] : contents_) before.push_back(content);
  const auto location = storage_->prepareCheckpoint(6);
  writeCheckpoint(*location, 6, SnapshotKind::kCheckpoint, {false, 0});
  const auto metadata = loadMetadata(*files_, location->directory);
  ASSERT_TRUE(metadata.isOk());
  for (const StateFile& file : metadata->files) {
    const std::string good = read(file.path);
    bool tried = false;
    for (const std::string& old : before) {
      if (old.size() != good.size()) continue;
      tried = true;
      // All but the header, which names the file.
      write(file.path, good.substr(0, 40) + old.substr(40));
      const auto report = verifyCheckpoint(*files_, location->directory);
      ASSERT_TRUE(report.isOk());
      ASSERT_EQ(report->damages.size(), 1U);
      expectRefused(report->damages.front(), file.path, "blocks of another file");
    }
    EXPECT_TRUE(tried);
    write(file.path, good);
  }
}

TEST_F(MutationTest, RandomBytesNeverCrashTheReaders) {
  makeCheckpoint({true, 0});
  for (int i = 0; i < 3'000; ++i) {
    std::string bytes(rng_->below(300), '\0');
    for (char& byte : bytes) byte = static_cast<char>(rng_->next());
    EXPECT_FALSE(decodeMetadata(asBytes(bytes), "/x").isOk());
    (void)decodeTaskSnapshot(asBytes(bytes)).isOk();
  }
}

}  // namespace
}  // namespace flink::checkpoint
