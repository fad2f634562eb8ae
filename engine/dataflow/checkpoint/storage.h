#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fs.h"
#include "core/base/rng.h"
#include "dataflow/checkpoint/location.h"
#include "dataflow/checkpoint/metadata.h"

namespace flink::checkpoint {

/// Names a completed checkpoint so that exactly this one is restored: the value that a JobManager
/// publishes. A metadata file that somebody replaced does not have the digest.
struct CheckpointPointer {
  CheckpointId id = 0;
  Epoch epoch = Epoch::kNone;
  std::string directory;
  std::uint64_t metadataSize = 0;
  Digest metadataDigest;
  friend bool operator==(const CheckpointPointer&, const CheckpointPointer&) = default;
};

/// One job's part of the checkpoint directory, as the JobManager sees it:
///   <directory>/<job id>/chk-<n>/_metadata, .../shared, .../taskowned
/// Thread: safe from any thread; every call waits for the disk.
class CheckpointStorage {
 public:
  /// `createSubdirectory` false: the job id is left out (execution.checkpointing.create-subdir).
  CheckpointStorage(FileSystem& files, std::string directory, const JobId& job,
                    bool createSubdirectory = true);

  /// Creates the job's folders. Errors: kCheckpointStorageUnusable naming the directory.
  Status initialize();
  /// Creates the folder of checkpoint `id`. What an earlier attempt at the same id left is
  /// removed, unless it was completed (kAlreadyExists).
  Result<CheckpointLocation> prepareCheckpoint(CheckpointId id);
  /// Creates `<target>/savepoint-<first 6 digits of the job id>-<12 random digits>`.
  Result<CheckpointLocation> prepareSavepoint(const std::string& target, Rng& rng);

  /// Writes `_metadata`; the checkpoint exists once this has returned. Errors: kAlreadyExists,
  /// those of the disk; then nothing was published.
  Result<CheckpointPointer> store(const CheckpointLocation& location,
                                  const CheckpointMetadata& metadata);

  /// Removes a checkpoint's own folder, and files by their paths. What is gone already is fine.
  Status discardDirectory(const std::string& directory);
  Status discardFiles(const std::vector<std::string>& paths);

  [[nodiscard]] const std::string& jobDirectory() const { return jobDirectory_; }
  [[nodiscard]] std::string sharedDirectory() const { return jobDirectory_ + "/shared"; }
  [[nodiscard]] std::string directoryOf(CheckpointId id) const;

 private:
  FileSystem& files_;
  const std::string directory_;
  const JobId job_;
  const std::string jobDirectory_;
};

/// Reads a checkpoint's metadata; `path` names its folder or the `_metadata` file itself. Errors:
/// kCheckpointNotFound; kCheckpointCorrupt naming file and block.
Result<CheckpointMetadata> loadMetadata(FileSystem& files, const std::string& path);
/// The same for the one checkpoint that the pointer means. Errors: kCheckpointCorrupt also when
/// another metadata file lies there.
Result<CheckpointMetadata> loadMetadata(FileSystem& files, const CheckpointPointer& pointer);

/// Removes a savepoint, or a checkpoint that outlived its job, with everything that is its own.
/// Errors: as loadMetadata(), and nothing is removed; those of the disk.
Status disposeSavepoint(FileSystem& files, const std::string& path);

/// What verifyCheckpoint() has read.
struct VerifyReport {
  CheckpointMetadata metadata;
  std::uint64_t numFiles = 0;
  std::uint64_t numBlocks = 0;
  std::uint64_t numBytes = 0;
  std::vector<Status> damages;  ///< kCheckpointCorrupt, one per damaged file
};

/// Reads every byte of a checkpoint; needs nothing but its folder (and the job's `shared` folder
/// beside it). Errors: as loadMetadata(); damaged state files are listed in the report.
Result<VerifyReport> verifyCheckpoint(FileSystem& files, const std::string& path);

/// Proves that two processes mean the same directory: one leaves a note, the other finds it.
/// Errors: kCheckpointStorageUnusable naming directory and reason.
Status leaveReachabilityNote(FileSystem& files, const std::string& directory,
                             const std::string& name);
Status findReachabilityNote(FileSystem& files, const std::string& directory,
                            const std::string& name);
Status removeReachabilityNote(FileSystem& files, const std::string& directory,
                              const std::string& name);

}  // namespace flink::checkpoint
