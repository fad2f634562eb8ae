#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/fs/local_file_system.h"
#include "dataflow/checkpoint/durable_file.h"
#include "dataflow/checkpoint/snapshot_writer.h"
#include "dataflow/checkpoint/storage.h"
#include "tests/support/job_graph_builder.h"

namespace flink::checkpoint {

using flink::testing::idOf;

inline state::BlockInfo blockInfo(state::BlockKind kind, std::string name,
                                  std::uint32_t firstGroup = 0, std::uint32_t lastGroup = 0,
                                  std::uint64_t numEntries = 1) {
  return {kind, std::move(name), firstGroup, lastGroup, numEntries};
}

/// What tests do with checkpoints below one folder, gone at the end.
class CheckpointFilesTest : public ::testing::Test {
 protected:
  /// In a folder of its own on the disk.
  CheckpointFilesTest() : CheckpointFilesTest(fs::makeLocalFileSystem(), makeFolder()) {}
  CheckpointFilesTest(std::unique_ptr<FileSystem> files, std::string root)
      : files_(std::move(files)), root_(std::move(root)) {
    storage_ = std::make_unique<CheckpointStorage>(*files_, root_ + "/checkpoints", job_);
    EXPECT_TRUE(storage_->initialize().isOk());
  }
  ~CheckpointFilesTest() override { EXPECT_TRUE(files_->removeAll(root_).isOk()); }

  static std::string makeFolder() {
    std::string pattern = ::testing::TempDir() + "flink_checkpoint_XXXXXX";
    return ::mkdtemp(pattern.data());
  }

  std::string read(const std::string& path) {
    auto content = readWholeFile(*files_, path, 1 << 30);
    EXPECT_TRUE(content.isOk()) << content.status().toString();
    return content.isOk() ? *content : "";
  }
  void write(const std::string& path, const std::string& content) {
    auto file = files_->openWrite(path);
    ASSERT_TRUE(file.isOk()) << file.status().toString();
    ASSERT_TRUE((*file)->append(asBytes(content)).isOk());
    ASSERT_TRUE((*file)->close().isOk());
  }
  std::vector<std::string> filesBelow(const std::string& directory) {
    std::vector<std::string> paths;
    auto children = files_->list(directory);
    EXPECT_TRUE(children.isOk()) << children.status().toString();
    for (const FileStatus& child : *children) {
      if (!child.isDirectory) {
        paths.push_back(child.path);
        continue;
      }
      for (std::string& path : filesBelow(child.path)) paths.push_back(std::move(path));
    }
    return paths;
  }

  /// What one subtask of two operators stores: keyed blocks and operator state of the first one,
  /// a list and its coordinator's bytes of the second one.
  TaskSnapshot writeTask(const CheckpointLocation& location, std::uint32_t subtask,
                         const SnapshotSettings& settings, std::size_t blockBytes = 40) {
    SnapshotWriter writer(*files_, *rng_, location, settings);
    const auto content = [&](char letter) { return std::string(blockBytes, letter); };
    const auto add = [&](const state::BlockInfo& info, const std::string& bytes) {
      EXPECT_TRUE(writer.writeBlock(info, asBytes(bytes)).isOk());
    };
    const std::uint32_t first = subtask * 64;
    writer.beginOperator(counts_);
    add(blockInfo(state::BlockKind::kKeyedBase, "counts", first, first + 31, 7), content('a'));
    add(blockInfo(state::BlockKind::kOperatorUnion, "offsets", 0, 0, 2), content('u'));
    add(blockInfo(state::BlockKind::kKeyedBase, "counts", first + 32, first + 63, 9), content('b'));
    writer.beginOperator(source_);
    add(blockInfo(state::BlockKind::kOperatorList, "splits", 0, 0, 3), content('l'));
    if (subtask == 0) {
      writer.beginOperator(source_, true);
      add(blockInfo(state::BlockKind::kRaw, "enumerator"), content('e'));
    }
    auto snapshot = writer.finish();
    EXPECT_TRUE(snapshot.isOk()) << snapshot.status().toString();
    return std::move(snapshot).value();
  }

  /// A checkpoint of two such subtasks, stored.
  CheckpointMetadata writeCheckpoint(const CheckpointLocation& location, CheckpointId id,
                                     SnapshotKind kind, const SnapshotSettings& settings,
                                     std::size_t blockBytes = 40) {
    MetadataBuilder builder({job_, "job", id, Epoch{3}, kind, 1'700'000'000'000, {}, {}});
    builder.addOperator({counts_, "counts", "count-uid", 2, 128, {}, {}});
    builder.addOperator({source_, "source", "", 2, 128, {}, {}});
    for (std::uint32_t subtask = 0; subtask < 2; ++subtask)
      builder.addSubtask(subtask, writeTask(location, subtask, settings, blockBytes));
    CheckpointMetadata metadata = std::move(builder).build();
    auto pointer = storage_->store(location, metadata);
    EXPECT_TRUE(pointer.isOk()) << pointer.status().toString();
    pointer_ = *pointer;
    return metadata;
  }

  const std::unique_ptr<FileSystem> files_;
  const std::string root_;
  const std::unique_ptr<Rng> rng_ = makeSeededRng(11);
  const JobId job_ = idOf<JobId>(1);
  const OperatorId counts_ = idOf<OperatorId>(1);
  const OperatorId source_ = idOf<OperatorId>(2);
  std::unique_ptr<CheckpointStorage> storage_;
  CheckpointPointer pointer_;
};

}  // namespace flink::checkpoint
