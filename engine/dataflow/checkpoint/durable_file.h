#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/fs.h"
#include "dataflow/checkpoint/checksum.h"

namespace flink::checkpoint {

struct WrittenFile {
  std::uint64_t size = 0;
  Digest digest;
};

/// Writes a file that either is there whole and durable, or is not there: temporary name, fsync,
/// rename, fsync of the directory. Everything that a checkpoint consists of is written through it.
/// Thread: one at a time; commit() waits for the disk.
/// Lifetime: without commit() nothing remains.
class DurableFile {
 public:
  /// `tag` keeps the temporary names of different writers of one path apart. Creates directories.
  static Result<std::unique_ptr<DurableFile>> create(FileSystem& files, std::string path,
                                                     std::string_view tag);
  ~DurableFile();
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;

  /// After an error the file is lost: nothing is tried again, commit() repeats the error.
  Status append(ByteView bytes);
  /// Makes the file appear under its path. Errors: kAlreadyExists when the path is taken; then and
  /// after any other error nothing of this file remains. REQUIRES: called once.
  Result<WrittenFile> commit();

 private:
  DurableFile(FileSystem& files, std::string path, std::string temporaryPath,
              std::unique_ptr<WritableFile> file);
  Status publish();

  FileSystem& files_;
  const std::string path_;
  const std::string temporaryPath_;
  std::unique_ptr<WritableFile> file_;
  Status failure_;
  std::uint64_t size_ = 0;
  Digester digester_;
  bool renamed_ = false;
  bool committed_ = false;
};

/// One DurableFile with this content.
Result<WrittenFile> writeDurably(FileSystem& files, const std::string& path, std::string_view tag,
                                 ByteView content);

/// Creates a directory whose existence survives a power cut. REQUIRES: its parent is durable.
Status createDurableDirectory(FileSystem& files, const std::string& path);

/// The whole file. Errors: as FileSystem::openRead; kLimitExceeded when it is larger than
/// `maxBytes`.
Result<std::string> readWholeFile(FileSystem& files, const std::string& path,
                                  std::uint64_t maxBytes);

/// `/a/b` of `/a/b/c`.
[[nodiscard]] std::string parentOf(std::string_view path);
/// `c` of `/a/b/c`.
[[nodiscard]] std::string fileNameOf(std::string_view path);

}  // namespace flink::checkpoint
