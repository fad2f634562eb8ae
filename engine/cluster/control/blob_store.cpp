#include "cluster/control/blob_store.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cluster/control/probe.h"
#include "core/base/error_codes.h"

namespace flink::control {
namespace {

/// Blobs being received at a time; the one idle for longest makes room.
constexpr std::size_t kMaxUploads = 16;

/// Calls `use` with each piece of a file that may become a blob.
Status forEachPiece(FileSystem& files, const std::string& path,
                    const std::function<Status(std::string_view)>& use) {
  FLINK_ASSIGN_OR_RETURN(const auto file, files.openRead(path));
  const std::uint64_t size = file->size();
  if (size > static_cast<std::uint64_t>(kMaxBlobBytes)) {
    return {ErrorCode::kLimitExceeded,
            fmt::format("file too large: path={} size={} limit={}", path, size, kMaxBlobBytes)};
  }
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(size, kBlobChunkBytes)));
  std::uint64_t offset = 0;
  do {
    FLINK_ASSIGN_OR_RETURN(const std::size_t n, file->readAt(offset, buffer));
    if (n == 0 && offset < size)
      return {ErrorCode::kFileIo, fmt::format("file shrank while being read: {}", path)};
    FLINK_RETURN_IF_ERROR(use(asText(ByteView(buffer.data(), n))));
    offset += n;
  } while (offset < size);
  return Status::ok();
}

}  // namespace

BlobStore::BlobStore(FileSystem& files, const Clock& clock, std::string directory)
    : files_(files), clock_(clock), directory_(std::move(directory)) {}

std::string BlobStore::pathOf(const BlobDigest& digest) const {
  return fmt::format("{}/{}.so", directory_, digest.toHex());
}

std::string BlobStore::partPath(const BlobDigest& digest) const {
  return pathOf(digest) + ".part";
}

bool BlobStore::contains(const BlobDigest& digest) {
  const bool here = files_.status(pathOf(digest)).isOk();
  if (here) lastUse_[digest] = clock_.now();
  return here;
}

Result<std::int64_t> BlobStore::sizeOf(const BlobDigest& digest) const {
  auto status = files_.status(pathOf(digest));
  if (!status)
    return {ErrorCode::kNotFound, fmt::format("no such blob: digest={}", digest.toHex())};
  return static_cast<std::int64_t>(status->size);
}

Result<bool> BlobStore::put(const BlobDigest& digest, std::int64_t offset, std::int64_t totalSize,
                            std::string_view data) {
  if (contains(digest)) return true;
  if (offset < 0 || totalSize < 0 || offset > totalSize) {
    return {ErrorCode::kInvalidArgument,
            fmt::format("impossible piece: offset={} total={}", offset, totalSize)};
  }
  if (totalSize > kMaxBlobBytes || static_cast<std::int64_t>(data.size()) > totalSize - offset) {
    return {ErrorCode::kLimitExceeded,
            fmt::format("blob too large: offset={} piece={} total={} limit={}", offset, data.size(),
                        totalSize, kMaxBlobBytes)};
  }
  FLINK_ASSIGN_OR_RETURN(Upload * upload, uploadOf(digest));
  if (offset > upload->size) {
    return {ErrorCode::kInvalidArgument,
            fmt::format("piece out of order: digest={} offset={} have={}", digest.toHex(), offset,
                        upload->size)};
  }
  const auto known =
      std::min<std::size_t>(data.size(), static_cast<std::size_t>(upload->size - offset));
  data.remove_prefix(known);
  if (!data.empty()) {
    Status written = upload->file->append(asBytes(data));
    if (!written) {
      drop(digest);
      return written;
    }
    upload->content.update(asBytes(data));
    upload->size += static_cast<std::int64_t>(data.size());
  }
  if (upload->size < totalSize) return false;
  auto done = complete(digest);
  drop(digest);
  return done;
}

Result<BlobStore::Upload*> BlobStore::uploadOf(const BlobDigest& digest) {
  auto it = uploads_.find(digest);
  if (it == uploads_.end()) {
    if (uploads_.size() >= kMaxUploads) {
      const auto oldest = std::min_element(
          uploads_.begin(), uploads_.end(),
          [](const auto& a, const auto& b) { return a.second.lastUse < b.second.lastUse; });
      drop(BlobDigest(oldest->first));
    }
    FLINK_ASSIGN_OR_RETURN(auto file, files_.openWrite(partPath(digest)));
    it = uploads_.try_emplace(digest).first;
    it->second.file = std::move(file);
  }
  it->second.lastUse = ++uses_;
  return &it->second;
}

Result<bool> BlobStore::complete(const BlobDigest& digest) {
  Upload& upload = uploads_.at(digest);
  const BlobDigest actual = upload.content.finish();
  if (actual != digest) {
    return {ErrorCode::kCorruptData,
            fmt::format("blob's content has another digest: expected={} actual={}", digest.toHex(),
                        actual.toHex())};
  }
  FLINK_RETURN_IF_ERROR(upload.file->close());
  upload.file.reset();
  FLINK_RETURN_IF_ERROR(files_.rename(partPath(digest), pathOf(digest)));
  lastUse_[digest] = clock_.now();
  return true;
}

/// Ends an upload; what it left of a part is removed.
void BlobStore::drop(const BlobDigest& digest) {
  uploads_.erase(digest);
  const Status removed = files_.removeAll(partPath(digest));
  if (!removed) FLINK_WARN(kBlobLog, "part of a blob not removed: {}", removed.toString());
}

Result<std::string> BlobStore::read(const BlobDigest& digest, std::int64_t offset,
                                    std::int32_t maxBytes) {
  FLINK_ASSIGN_OR_RETURN(const std::int64_t size, sizeOf(digest));
  lastUse_[digest] = clock_.now();
  if (offset < 0 || offset > size || maxBytes <= 0) {
    return {ErrorCode::kInvalidArgument,
            fmt::format("impossible piece: offset={} maxBytes={} size={}", offset, maxBytes, size)};
  }
  FLINK_ASSIGN_OR_RETURN(const auto file, files_.openRead(pathOf(digest)));
  std::string data(
      static_cast<std::size_t>(std::min<std::int64_t>({maxBytes, kBlobChunkBytes, size - offset})),
      '\0');
  FLINK_ASSIGN_OR_RETURN(
      const std::size_t n,
      file->readAt(static_cast<std::uint64_t>(offset), std::as_writable_bytes(std::span(data))));
  data.resize(n);
  return data;
}

BlobCopy::~BlobCopy() {
  const Status removed = files_.removeAll(path_);
  if (!removed) FLINK_WARN(kBlobLog, "copy of a file not removed: {}", removed.toString());
}

Status BlobCopy::fill(const std::string& from) {
  FLINK_ASSIGN_OR_RETURN(const auto file, files_.openWrite(path_));
  Sha256 content;
  FLINK_RETURN_IF_ERROR(forEachPiece(files_, from, [&](std::string_view data) {
    content.update(asBytes(data));
    return file->append(asBytes(data));
  }));
  digest_ = content.finish();
  return file->close();
}

Result<std::shared_ptr<BlobCopy>> BlobStore::copyOf(const std::string& path) {
  auto copy =
      std::make_shared<BlobCopy>(files_, fmt::format("{}/copy-{}.part", directory_, ++numCopies_));
  FLINK_RETURN_IF_ERROR(copy->fill(path));
  return copy;
}

Status BlobStore::adopt(const BlobCopy& copy) {
  if (contains(copy.digest())) return Status::ok();
  FLINK_RETURN_IF_ERROR(files_.rename(copy.path(), pathOf(copy.digest())));
  lastUse_[copy.digest()] = clock_.now();
  return Status::ok();
}

Status BlobStore::remove(const BlobDigest& digest) {
  FLINK_RETURN_IF_ERROR(files_.removeAll(pathOf(digest)));
  lastUse_.erase(digest);
  return Status::ok();
}

int BlobStore::removeUnused(const std::set<BlobDigest>& inUse, Duration unusedFor) {
  std::vector<BlobDigest> unused;
  for (const auto& [digest, lastUse] : lastUse_) {
    if (!inUse.contains(digest) && clock_.now() - lastUse >= unusedFor) unused.push_back(digest);
  }
  int removed = 0;
  for (const BlobDigest& digest : unused) {
    const Status status = remove(digest);
    if (!status) FLINK_WARN(kBlobLog, "unused blob not removed: {}", status.toString());
    removed += status ? 1 : 0;
  }
  return removed;
}

Result<BlobDigest> digestOfFile(FileSystem& files, const std::string& path) {
  Sha256 content;
  FLINK_RETURN_IF_ERROR(forEachPiece(files, path, [&](std::string_view data) {
    content.update(asBytes(data));
    return Status::ok();
  }));
  return content.finish();
}

}  // namespace flink::control
