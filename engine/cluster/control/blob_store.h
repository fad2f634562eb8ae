#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "cluster/control/sha256.h"
#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/ids.h"
#include "core/base/result.h"

namespace flink::control {

inline constexpr std::int64_t kMaxBlobBytes = std::int64_t{1} << 30;
inline constexpr std::int32_t kBlobChunkBytes = 1 << 20;

/// A copy of a file that can become a blob. Its file goes with it, unless it became one.
class BlobCopy {
 public:
  BlobCopy(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  ~BlobCopy();
  BlobCopy(const BlobCopy&) = delete;
  BlobCopy& operator=(const BlobCopy&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const BlobDigest& digest() const { return digest_; }
  /// Errors: kLimitExceeded, those of the file system.
  Status fill(const std::string& from);

 private:
  FileSystem& files_;
  const std::string path_;
  BlobDigest digest_;
};

/// Keeps files under the SHA-256 of their content. What pathOf() names is complete and verified: a
/// blob is written beside its place, checked and renamed. Nothing is synced: a store lives as long
/// as its process, in a directory of its own. Thread: one, but copyOf() from any. Ownership:
/// borrows files and clock.
class BlobStore {
 public:
  BlobStore(FileSystem& files, const Clock& clock, std::string directory);

  /// Asking counts as a use: whoever hears yes relies on it.
  [[nodiscard]] bool contains(const BlobDigest& digest);
  /// Where the blob is or would be.
  [[nodiscard]] std::string pathOf(const BlobDigest& digest) const;
  /// Size of a stored blob. Errors: kNotFound.
  Result<std::int64_t> sizeOf(const BlobDigest& digest) const;

  /// Takes the next piece of a blob; true when it is complete. Pieces come in order; one that is
  /// there already is skipped, so that a repeated piece, or two senders, do no harm. Errors:
  /// kInvalidArgument (gap), kLimitExceeded, kCorruptData (the content has another digest; what was
  /// received is dropped), errors of the file system.
  Result<bool> put(const BlobDigest& digest, std::int64_t offset, std::int64_t totalSize,
                   std::string_view data);
  /// At most `maxBytes` from `offset` on. Errors: kNotFound, kInvalidArgument.
  Result<std::string> read(const BlobDigest& digest, std::int64_t offset, std::int32_t maxBytes);
  /// Copies a file of this host beside the blobs; takes its time. Errors: kLimitExceeded, those of
  /// the file system.
  Result<std::shared_ptr<BlobCopy>> copyOf(const std::string& path);
  /// Makes a copy a blob, unless that is there already.
  Status adopt(const BlobCopy& copy);
  Status remove(const BlobDigest& digest);
  /// Removes the blobs that are not in `inUse` and that nobody used for that long; returns how
  /// many. One that cannot be removed is tried again the next time.
  int removeUnused(const std::set<BlobDigest>& inUse, Duration unusedFor);

 private:
  /// A blob of which some pieces have come.
  struct Upload {
    std::unique_ptr<WritableFile> file;
    Sha256 content;
    std::int64_t size = 0;
    std::uint64_t lastUse = 0;
  };

  [[nodiscard]] std::string partPath(const BlobDigest& digest) const;
  Result<Upload*> uploadOf(const BlobDigest& digest);
  Result<bool> complete(const BlobDigest& digest);
  void drop(const BlobDigest& digest);

  FileSystem& files_;
  const Clock& clock_;
  const std::string directory_;
  std::map<BlobDigest, MonotonicTime> lastUse_;  // of the complete blobs
  std::map<BlobDigest, Upload> uploads_;
  std::uint64_t uses_ = 0;
  std::atomic<std::uint64_t> numCopies_ = 0;
};

/// The digest of a file's content. Errors: kLimitExceeded, those of the file system.
Result<BlobDigest> digestOfFile(FileSystem& files, const std::string& path);

}  // namespace flink::control
