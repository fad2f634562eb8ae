#include "connectors/file/line_reader.h"

#include <fmt/format.h>

#include <cstring>
#include <span>
#include <utility>

#include "core/base/error_codes.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::connectors {

namespace {

/// A file without line ends must not take all memory.
constexpr std::size_t kMaxLineBytes = 512U << 20;

}  // namespace

LineReader::LineReader(std::unique_ptr<ReadableFile> file, std::string path, std::uint64_t offset,
                       std::uint64_t length, std::string& buffer, bool atLineStart)
    : file_(std::move(file)),
      path_(std::move(path)),
      begunAt_(offset > 0 && !atLineStart ? offset - 1 : offset),
      filePosition_(offset),
      linePosition_(offset),
      end_(offset + length),
      buffer_(buffer) {
  if (buffer_.size() < kBlockBytes) buffer_.resize(kBlockBytes);
  if (offset > 0 && !atLineStart) skipFirstLine();
}

bool LineReader::next(std::string_view& line) {
  if (linePosition_ >= end_) return false;
  std::size_t searched = 0;
  for (;;) {
    const char* from = buffer_.data() + begin_;
    const std::size_t available = filled_ - begin_;
    const void* found = std::memchr(from + searched, '\n', available - searched);
    if (found != nullptr) {
      const auto size = static_cast<std::size_t>(static_cast<const char*>(found) - from);
      begin_ += size + 1;
      linePosition_ += size + 1;
      line = {from, size > 0 && from[size - 1] == '\r' ? size - 1 : size};
      return true;
    }
    searched = available;
    if (fill()) continue;
    if (available == 0) return false;
    line = {buffer_.data() + begin_, available};
    begin_ = filled_;
    linePosition_ += available;
    return true;
  }
}

/// The byte before the range tells whether a line starts with it.
void LineReader::skipFirstLine() {
  filePosition_ -= 1;
  linePosition_ -= 1;
  for (;;) {
    const char* from = buffer_.data() + begin_;
    const void* found = std::memchr(from, '\n', filled_ - begin_);
    if (found != nullptr) {
      const auto skipped = static_cast<std::size_t>(static_cast<const char*>(found) - from) + 1;
      begin_ += skipped;
      linePosition_ += skipped;
      return;
    }
    linePosition_ += filled_ - begin_;
    begin_ = filled_;
    if (linePosition_ >= end_ || !fill()) return;
  }
}

bool LineReader::fill() {
  const std::size_t left = filled_ - begin_;
  if (left > 0 && begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, left);
  begin_ = 0;
  filled_ = left;
  if (filled_ == buffer_.size()) {
    if (filled_ >= kMaxLineBytes) {
      throw operators::OperatorFailure(
          Status(ErrorCode::kLimitExceeded,
                 fmt::format("a line is longer than {} bytes: file={}", kMaxLineBytes, path_)));
    }
    buffer_.resize(buffer_.size() * 2);
  }
  const auto room =
      std::as_writable_bytes(std::span(buffer_.data() + filled_, buffer_.size() - filled_));
  const std::size_t got = operators::valueOrThrow(file_->readAt(filePosition_, room));
  filled_ += got;
  filePosition_ += got;
  return got > 0;
}

}  // namespace flink::connectors
