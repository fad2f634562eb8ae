#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/types/key_group.h"

namespace flink::state {

/// Temporary files of one operator instance: names them and removes them.
/// Thread: one. Lifetime: the files go with the object.
class SpillDirectory {
 public:
  /// `path` is used by this object alone; it is made at the first spill.
  SpillDirectory(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  ~SpillDirectory();
  SpillDirectory(const SpillDirectory&) = delete;
  SpillDirectory& operator=(const SpillDirectory&) = delete;

  [[nodiscard]] FileSystem& files() const { return files_; }
  std::string nextFile();
  void remove(const std::string& file);

 private:
  FileSystem& files_;
  std::string path_;
  std::uint64_t numFiles_ = 0;
};

/// Appends records to a temporary file. Layout: per record `u64 hash, u32 length`, then the bytes.
class SpillWriter {
 public:
  static Result<std::unique_ptr<SpillWriter>> open(SpillDirectory& directory);

  /// Begins a record; append its bytes to buffer() and call endRecord().
  void beginRecord(types::KeyHash hash);
  [[nodiscard]] std::string& buffer() { return buffer_; }
  Status endRecord();
  /// Copies a whole record.
  Status append(types::KeyHash hash, ByteView record);
  /// Writes what is left. The file is complete afterwards.
  Status finish();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint64_t numBytes() const { return written_ + buffer_.size(); }

 private:
  SpillWriter(std::string path, std::unique_ptr<WritableFile> file);
  Status writeOut();

  static constexpr std::size_t kBufferBytes = 256 << 10;
  std::string path_;
  std::unique_ptr<WritableFile> file_;
  std::string buffer_;
  std::size_t recordStart_ = 0;
  std::uint64_t written_ = 0;
};

/// Reads such a file from its beginning.
class SpillReader {
 public:
  static Result<std::unique_ptr<SpillReader>> open(SpillDirectory& directory,
                                                   const std::string& path);
  /// Moves to the next record; false at the end. Errors: kFileIo, kCorruptData.
  Result<bool> next();
  [[nodiscard]] types::KeyHash hash() const { return hash_; }
  /// Valid until next().
  [[nodiscard]] ByteView record() const { return record_; }

 private:
  SpillReader(std::string path, std::unique_ptr<ReadableFile> file);
  /// Makes `size` bytes contiguous at position_; false at the end of the file.
  Result<bool> require(std::size_t size);

  static constexpr std::size_t kBufferBytes = 64 << 10;
  std::string path_;
  std::unique_ptr<ReadableFile> file_;
  std::string buffer_;
  std::size_t position_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  types::KeyHash hash_ = 0;
  ByteView record_;
};

/// Merges files that are each sorted by hash into one sequence; of equal hashes the earlier file
/// comes first.
class SpillMerger {
 public:
  /// `paths` in the order of time. More files than kMaxFanIn are merged into fewer ones first.
  static Result<std::unique_ptr<SpillMerger>> open(SpillDirectory& directory,
                                                   std::vector<std::string> paths);
  /// Moves to the next record; false at the end.
  Result<bool> next();
  [[nodiscard]] types::KeyHash hash() const { return readers_[heap_.front()]->hash(); }
  [[nodiscard]] ByteView record() const { return readers_[heap_.front()]->record(); }
  static constexpr std::size_t kMaxFanIn = 64;

 private:
  explicit SpillMerger(std::vector<std::unique_ptr<SpillReader>> readers)
      : readers_(std::move(readers)) {}
  static Result<std::unique_ptr<SpillMerger>> openAll(SpillDirectory& directory,
                                                      const std::vector<std::string>& paths);
  [[nodiscard]] bool later(std::size_t a, std::size_t b) const;

  std::vector<std::unique_ptr<SpillReader>> readers_;
  std::vector<std::size_t> heap_;  ///< readers that have a record, the smallest in front
  bool started_ = false;
};

}  // namespace flink::state
