#include "dataflow/checkpoint/durable_file.h"

#include <utility>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"

namespace flink::checkpoint {

DurableFile::DurableFile(FileSystem& files, std::string path, std::string temporaryPath,
                         std::unique_ptr<WritableFile> file)
    : files_(files),
      path_(std::move(path)),
      temporaryPath_(std::move(temporaryPath)),
      file_(std::move(file)) {}

Result<std::unique_ptr<DurableFile>> DurableFile::create(FileSystem& files, std::string path,
                                                         std::string_view tag) {
  std::string temporaryPath = fmt::format("{}.inprogress-{}", path, tag);
  FLINK_ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, files.openWrite(temporaryPath));
  return std::unique_ptr<DurableFile>(
      new DurableFile(files, std::move(path), std::move(temporaryPath), std::move(file)));
}

DurableFile::~DurableFile() {
  if (committed_) return;
  file_.reset();
  // What cannot be removed now is swept with its directory; nothing refers to it.
  (void)files_.removeAll(renamed_ ? path_ : temporaryPath_);
}

Status DurableFile::append(ByteView bytes) {
  if (!failure_.isOk()) return failure_;
  failure_ = file_->append(bytes);
  digester_.update(bytes);
  size_ += bytes.size();
  return failure_;
}

Status DurableFile::publish() {
  FLINK_RETURN_IF_ERROR(failure_);
  // A failed fsync may have dropped the pages: a second one that succeeds would prove nothing.
  FLINK_RETURN_IF_ERROR(file_->sync());
  FLINK_RETURN_IF_ERROR(file_->close());
  const Result<FileStatus> taken = files_.status(path_);
  if (taken.isOk()) return {ErrorCode::kAlreadyExists, "the file exists already: file=" + path_};
  if (taken.status().code() != ErrorCode::kFileNotFound) return taken.status();
  FLINK_RETURN_IF_ERROR(files_.rename(temporaryPath_, path_));
  renamed_ = true;
  return files_.syncDirectory(parentOf(path_));
}

Result<WrittenFile> DurableFile::commit() {
  FLINK_CHECK(!committed_, "a durable file is committed once");
  FLINK_RETURN_IF_ERROR(publish());
  committed_ = true;
  return WrittenFile{size_, digester_.digest()};
}

Result<WrittenFile> writeDurably(FileSystem& files, const std::string& path, std::string_view tag,
                                 ByteView content) {
  FLINK_ASSIGN_OR_RETURN(const std::unique_ptr<DurableFile> file,
                         DurableFile::create(files, path, tag));
  FLINK_RETURN_IF_ERROR(file->append(content));
  return file->commit();
}

Status createDurableDirectory(FileSystem& files, const std::string& path) {
  FLINK_RETURN_IF_ERROR(files.createDirectories(path));
  return files.syncDirectory(parentOf(path));
}

Result<std::string> readWholeFile(FileSystem& files, const std::string& path,
                                  std::uint64_t maxBytes) {
  FLINK_ASSIGN_OR_RETURN(const std::unique_ptr<ReadableFile> file, files.openRead(path));
  if (file->size() > maxBytes) {
    return Status(
        ErrorCode::kLimitExceeded,
        fmt::format("file is too large: file={} bytes={} limit={}", path, file->size(), maxBytes));
  }
  std::string content(file->size(), '\0');
  FLINK_ASSIGN_OR_RETURN(const std::size_t got,
                         file->readAt(0, std::as_writable_bytes(std::span(content))));
  content.resize(got);
  return content;
}

std::string parentOf(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

std::string fileNameOf(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace flink::checkpoint
