#include "dataflow/checkpoint/storage.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "dataflow/checkpoint/durable_file.h"

namespace flink::checkpoint {
namespace {

/// What a metadata file may have; blocks of terabytes of state are named with less.
constexpr std::uint64_t kMaxMetadataBytes = 4ULL << 30;
constexpr std::string_view kCheckpointPrefix = "chk-";
constexpr std::string_view kReachabilityContent = "flink-cpp checkpoint storage\n";

std::string withoutTrailingSlash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string metadataPath(const std::string& directory) {
  return fmt::format("{}/{}", directory, kMetadataFileName);
}

/// The folder that `path` means: itself, or the one that its `_metadata` lies in.
std::string folderOf(const std::string& path) {
  const std::string clean = withoutTrailingSlash(path);
  return fileNameOf(clean) == kMetadataFileName ? parentOf(clean) : clean;
}

Status notFound(const std::string& directory, Status cause) {
  return Status(ErrorCode::kCheckpointNotFound,
                fmt::format("no checkpoint or savepoint is there: folder={}", directory))
      .causedBy(std::move(cause));
}

/// `chk-<n>` has to hold checkpoint n: a metadata file that was moved elsewhere is another one.
Status checkFolderName(const CheckpointMetadata& metadata, const std::string& folder) {
  const std::string name = fileNameOf(folder);
  if (!name.starts_with(kCheckpointPrefix)) return Status::ok();
  CheckpointId id = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + kCheckpointPrefix.size(), end, id);
  if (parsed.ec != std::errc() || parsed.ptr != end || id == metadata.id) return Status::ok();
  return {ErrorCode::kCheckpointCorrupt,
          fmt::format("checkpoint is damaged: file={} block=summary reason=it is checkpoint {}",
                      metadataPath(folder), metadata.id)};
}

Result<std::string> readMetadataFile(FileSystem& files, const std::string& folder) {
  Result<std::string> content = readWholeFile(files, metadataPath(folder), kMaxMetadataBytes);
  if (!content.isOk() && content.status().code() == ErrorCode::kFileNotFound)
    return notFound(folder, std::move(content).status());
  return content;
}

Result<CheckpointMetadata> decodeAndCheck(std::string_view content, const std::string& folder) {
  FLINK_ASSIGN_OR_RETURN(CheckpointMetadata metadata, decodeMetadata(asBytes(content), folder));
  FLINK_RETURN_IF_ERROR(checkFolderName(metadata, folder));
  return metadata;
}

Status unusable(const std::string& directory, Status cause) {
  return Status(ErrorCode::kCheckpointStorageUnusable,
                fmt::format("checkpoint directory cannot be used: directory={}", directory))
      .causedBy(std::move(cause));
}

}  // namespace

CheckpointStorage::CheckpointStorage(FileSystem& files, std::string directory, const JobId& job,
                                     bool createSubdirectory)
    : files_(files),
      directory_(withoutTrailingSlash(std::move(directory))),
      job_(job),
      jobDirectory_(createSubdirectory ? fmt::format("{}/{}", directory_, job.toHex())
                                       : directory_) {}

std::string CheckpointStorage::directoryOf(CheckpointId id) const {
  return fmt::format("{}/{}{}", jobDirectory_, kCheckpointPrefix, id);
}

Status CheckpointStorage::initialize() {
  for (const std::string& directory :
       {directory_, jobDirectory_, sharedDirectory(), jobDirectory_ + "/taskowned"}) {
    if (Status status = createDurableDirectory(files_, directory); !status.isOk())
      return unusable(directory, std::move(status));
  }
  return Status::ok();
}

Result<CheckpointLocation> CheckpointStorage::prepareCheckpoint(CheckpointId id) {
  const std::string directory = directoryOf(id);
  if (files_.status(metadataPath(directory)).isOk()) {
    return Status(ErrorCode::kAlreadyExists,
                  "a completed checkpoint has this number already: folder=" + directory);
  }
  FLINK_RETURN_IF_ERROR(files_.removeAll(directory));
  FLINK_RETURN_IF_ERROR(createDurableDirectory(files_, directory));
  return CheckpointLocation{directory, sharedDirectory()};
}

Result<CheckpointLocation> CheckpointStorage::prepareSavepoint(const std::string& target,
                                                               Rng& rng) {
  const std::string parent = withoutTrailingSlash(target);
  FLINK_RETURN_IF_ERROR(createDurableDirectory(files_, parent));
  constexpr int kAttempts = 10;
  for (int i = 0; i < kAttempts; ++i) {
    std::string directory =
        fmt::format("{}/savepoint-{}-{:012x}", parent, job_.toHex().substr(0, 6),
                    rng.next() & 0xffff'ffff'ffffULL);
    if (files_.status(directory).isOk()) continue;
    FLINK_RETURN_IF_ERROR(createDurableDirectory(files_, directory));
    return CheckpointLocation{std::move(directory), ""};
  }
  return Status(ErrorCode::kAlreadyExists, "no free name for a savepoint: directory=" + parent);
}

Result<CheckpointPointer> CheckpointStorage::store(const CheckpointLocation& location,
                                                   const CheckpointMetadata& metadata) {
  const std::string content = encodeMetadata(metadata, location.directory);
  FLINK_ASSIGN_OR_RETURN(
      const WrittenFile written,
      writeDurably(files_, metadataPath(location.directory),
                   std::to_string(static_cast<std::uint64_t>(metadata.epoch)), asBytes(content)));
  return CheckpointPointer{metadata.id, metadata.epoch, location.directory, written.size,
                           written.digest};
}

Status CheckpointStorage::discardDirectory(const std::string& directory) {
  return files_.removeAll(directory);
}

Status disposeSavepoint(FileSystem& files, const std::string& path) {
  FLINK_RETURN_IF_ERROR(loadMetadata(files, path).status());
  const bool isFile = fileNameOf(path) == kMetadataFileName;
  return files.removeAll(isFile ? parentOf(path) : path);
}

Status CheckpointStorage::discardFiles(const std::vector<std::string>& paths) {
  Status first;
  for (const std::string& path : paths) {
    Status status = files_.removeAll(path);
    if (first.isOk()) first = std::move(status);
  }
  return first;
}

Result<CheckpointMetadata> loadMetadata(FileSystem& files, const std::string& path) {
  const std::string folder = folderOf(path);
  FLINK_ASSIGN_OR_RETURN(const std::string content, readMetadataFile(files, folder));
  return decodeAndCheck(content, folder);
}

Result<CheckpointMetadata> loadMetadata(FileSystem& files, const CheckpointPointer& pointer) {
  FLINK_ASSIGN_OR_RETURN(const std::string content, readMetadataFile(files, pointer.directory));
  FLINK_ASSIGN_OR_RETURN(CheckpointMetadata metadata, decodeAndCheck(content, pointer.directory));
  if (content.size() == pointer.metadataSize &&
      digestOf(asBytes(content)) == pointer.metadataDigest)
    return metadata;
  return Status(ErrorCode::kCheckpointCorrupt,
                fmt::format("checkpoint is damaged: file={} block=all reason=it is not the file "
                            "that was published: digest={} expected={}",
                            metadataPath(pointer.directory), digestOf(asBytes(content)).toHex(),
                            pointer.metadataDigest.toHex()));
}

Status leaveReachabilityNote(FileSystem& files, const std::string& directory,
                             const std::string& name) {
  const std::string path = fmt::format("{}/{}", directory, name);
  Status status = writeDurably(files, path, "note", asBytes(kReachabilityContent)).status();
  return status.isOk() ? status : unusable(directory, std::move(status));
}

Status findReachabilityNote(FileSystem& files, const std::string& directory,
                            const std::string& name) {
  const Result<std::string> content =
      readWholeFile(files, fmt::format("{}/{}", directory, name), kReachabilityContent.size());
  if (!content.isOk()) return unusable(directory, content.status());
  if (*content == kReachabilityContent) return Status::ok();
  return unusable(directory, Status(ErrorCode::kCorruptData, "the note has another content"));
}

Status removeReachabilityNote(FileSystem& files, const std::string& directory,
                              const std::string& name) {
  return files.removeAll(fmt::format("{}/{}", directory, name));
}

}  // namespace flink::checkpoint
