#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace flink {

struct FileStatus {
  std::string path;
  std::uint64_t size = 0;
  std::int64_t modifiedMs = 0;  ///< milliseconds since the epoch
  bool isDirectory = false;
};

/// Reads a file at any offset. Thread: any, several at the same time.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  /// Fills `out` from `offset` and returns how many bytes there were; fewer only at the end of the
  /// file.
  virtual Result<std::size_t> readAt(std::uint64_t offset, MutableByteView out) = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
};

/// Appends to a file. Thread: one at a time.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status append(ByteView data) = 0;
  virtual Status flush() = 0;  ///< hands buffered bytes to the system
  virtual Status sync() = 0;   ///< flush + durable on disk
  virtual Status close() = 0;
};

/// The seam for files. Paths are plain paths or `file:` URIs; other schemes come with their
/// connectors. Thread: safe from any thread. Errors: kFileNotFound, kFileAccessDenied, kFileIo.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<ReadableFile>> openRead(const std::string& path) = 0;
  /// Creates parent directories. `append` keeps what is there.
  virtual Result<std::unique_ptr<WritableFile>> openWrite(const std::string& path,
                                                          bool append = false) = 0;
  virtual Result<FileStatus> status(const std::string& path) = 0;
  /// Direct children, sorted by path.
  virtual Result<std::vector<FileStatus>> list(const std::string& directory) = 0;
  virtual Status createDirectories(const std::string& path) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  /// A missing path is fine.
  virtual Status removeAll(const std::string& path) = 0;
  virtual Status syncDirectory(const std::string& path) = 0;
};

}  // namespace flink
