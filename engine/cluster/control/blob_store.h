#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "cluster/control/sha256.h"
#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/ids.h"
#include "core/base/result.h"

namespace flink::control {

inline constexpr std::int64_t kMaxBlobBytes = std::int64_t{1} << 30;
inline constexpr std::int32_t kBlobChunkBytes = 1 << 20;

/// Keeps files under the SHA-256 of their content. What pathOf() names is complete and verified: a
/// blob is written beside its place, checked and renamed. Nothing is synced: a store lives as long
/// as its process, in a directory of its own. Thread: one. Ownership: borrows files and clock.
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
  /// Copies a file of this host into the store.
  Result<BlobDigest> add(const std::string& path);
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
};

/// The digest of a file's content.
Result<BlobDigest> digestOfFile(FileSystem& files, const std::string& path);

}  // namespace flink::control
