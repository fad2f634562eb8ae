#include "dataflow/state/spill_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/log.h"

namespace flink::state {

namespace {

constexpr std::size_t kHeaderBytes = sizeof(types::KeyHash) + sizeof(std::uint32_t);

Status corrupt(const std::string& path) {
  return {ErrorCode::kCorruptData, fmt::format("temporary file is damaged: file={}", path)};
}

}  // namespace

SpillDirectory::~SpillDirectory() {
  // The job's whole temporary directory is removed at its end, so a failure here loses nothing.
  if (numFiles_ > 0) (void)files_.removeAll(path_);
}

std::string SpillDirectory::nextFile() {
  return fmt::format("{}/{}", path_, numFiles_++);
}

void SpillDirectory::remove(const std::string& file) {
  (void)files_.removeAll(file);
}

SpillWriter::SpillWriter(std::string path, std::unique_ptr<WritableFile> file)
    : path_(std::move(path)), file_(std::move(file)) {}

Result<std::unique_ptr<SpillWriter>> SpillWriter::open(SpillDirectory& directory) {
  std::string path = directory.nextFile();
  FLINK_ASSIGN_OR_RETURN(auto file, directory.files().openWrite(path));
  return std::unique_ptr<SpillWriter>(new SpillWriter(std::move(path), std::move(file)));
}

void SpillWriter::beginRecord(types::KeyHash hash) {
  recordStart_ = buffer_.size();
  buffer_.append(reinterpret_cast<const char*>(&hash), sizeof hash);
  buffer_.append(sizeof(std::uint32_t), '\0');
}

Status SpillWriter::endRecord() {
  const std::size_t size = buffer_.size() - recordStart_ - kHeaderBytes;
  if (size > UINT32_MAX) {
    return {ErrorCode::kLimitExceeded,
            fmt::format("record is too large to be spilled: bytes={} limit={}", size, UINT32_MAX)};
  }
  const auto length = static_cast<std::uint32_t>(size);
  std::memcpy(buffer_.data() + recordStart_ + sizeof(types::KeyHash), &length, sizeof length);
  return buffer_.size() < kBufferBytes ? Status::ok() : writeOut();
}

Status SpillWriter::append(types::KeyHash hash, ByteView record) {
  beginRecord(hash);
  buffer_.append(asText(record));
  return endRecord();
}

Status SpillWriter::writeOut() {
  FLINK_RETURN_IF_ERROR(file_->append(asBytes(buffer_)));
  written_ += buffer_.size();
  buffer_.clear();
  return Status::ok();
}

Status SpillWriter::finish() {
  FLINK_RETURN_IF_ERROR(writeOut());
  return file_->close();
}

SpillReader::SpillReader(std::string path, std::unique_ptr<ReadableFile> file)
    : path_(std::move(path)), file_(std::move(file)) {}

Result<std::unique_ptr<SpillReader>> SpillReader::open(SpillDirectory& directory,
                                                       const std::string& path) {
  FLINK_ASSIGN_OR_RETURN(auto file, directory.files().openRead(path));
  return std::unique_ptr<SpillReader>(new SpillReader(path, std::move(file)));
}

Result<bool> SpillReader::require(std::size_t size) {
  if (end_ - position_ >= size) return true;
  // What follows a record's header is never more than the file has left.
  if (size > end_ - position_ + (file_->size() - offset_)) return false;
  std::memmove(buffer_.data(), buffer_.data() + position_, end_ - position_);
  end_ -= position_;
  position_ = 0;
  buffer_.resize(std::max({buffer_.size(), kBufferBytes, size}));
  while (end_ < size) {
    const auto room =
        std::as_writable_bytes(std::span(buffer_.data() + end_, buffer_.size() - end_));
    FLINK_ASSIGN_OR_RETURN(const std::size_t n, file_->readAt(offset_, room));
    if (n == 0) return corrupt(path_);
    offset_ += n;
    end_ += n;
  }
  return true;
}

Result<bool> SpillReader::next() {
  FLINK_ASSIGN_OR_RETURN(const bool any, require(kHeaderBytes));
  if (!any) {
    if (end_ != position_ || offset_ != file_->size()) return corrupt(path_);
    return false;
  }
  std::uint32_t length;
  std::memcpy(&hash_, buffer_.data() + position_, sizeof hash_);
  std::memcpy(&length, buffer_.data() + position_ + sizeof hash_, sizeof length);
  FLINK_ASSIGN_OR_RETURN(const bool whole, require(kHeaderBytes + length));
  if (!whole) return corrupt(path_);
  record_ = asBytes({buffer_.data() + position_ + kHeaderBytes, length});
  position_ += kHeaderBytes + length;
  return true;
}

bool SpillMerger::later(std::size_t a, std::size_t b) const {
  const types::KeyHash ha = readers_[a]->hash();
  const types::KeyHash hb = readers_[b]->hash();
  return ha != hb ? ha > hb : a > b;
}

Result<std::unique_ptr<SpillMerger>> SpillMerger::openAll(SpillDirectory& directory,
                                                          const std::vector<std::string>& paths) {
  std::vector<std::unique_ptr<SpillReader>> readers;
  readers.reserve(paths.size());
  for (const std::string& path : paths) {
    FLINK_ASSIGN_OR_RETURN(auto reader, SpillReader::open(directory, path));
    readers.push_back(std::move(reader));
  }
  return std::unique_ptr<SpillMerger>(new SpillMerger(std::move(readers)));
}

Result<std::unique_ptr<SpillMerger>> SpillMerger::open(SpillDirectory& directory,
                                                       std::vector<std::string> paths) {
  while (paths.size() > kMaxFanIn) {
    // The oldest files become one, which keeps the order of time.
    const std::vector<std::string> oldest(paths.begin(), paths.begin() + kMaxFanIn);
    FLINK_ASSIGN_OR_RETURN(auto merger, openAll(directory, oldest));
    FLINK_ASSIGN_OR_RETURN(auto writer, SpillWriter::open(directory));
    while (true) {
      FLINK_ASSIGN_OR_RETURN(const bool any, merger->next());
      if (!any) break;
      FLINK_RETURN_IF_ERROR(writer->append(merger->hash(), merger->record()));
    }
    FLINK_RETURN_IF_ERROR(writer->finish());
    merger.reset();
    for (const std::string& path : oldest) directory.remove(path);
    paths.erase(paths.begin(), paths.begin() + kMaxFanIn - 1);
    paths.front() = writer->path();
  }
  return openAll(directory, paths);
}

Result<bool> SpillMerger::next() {
  const auto order = [this](std::size_t a, std::size_t b) { return later(a, b); };
  if (!started_) {
    started_ = true;
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      FLINK_ASSIGN_OR_RETURN(const bool any, readers_[i]->next());
      if (any) heap_.push_back(i);
    }
    std::make_heap(heap_.begin(), heap_.end(), order);
    return !heap_.empty();
  }
  if (heap_.empty()) return false;
  std::pop_heap(heap_.begin(), heap_.end(), order);
  FLINK_ASSIGN_OR_RETURN(const bool any, readers_[heap_.back()]->next());
  if (any) {
    std::push_heap(heap_.begin(), heap_.end(), order);
  } else {
    heap_.pop_back();
  }
  return !heap_.empty();
}

}  // namespace flink::state
