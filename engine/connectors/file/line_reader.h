#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/fs.h"

namespace flink::connectors {

/// Cuts a range of a file into lines. A line belongs to the range in which it starts; it ends with
/// `\n` or `\r\n`, which are not part of it, or with the file. All other bytes are kept. Failures
/// are thrown as operators::OperatorFailure.
class LineReader {
 public:
  static constexpr std::size_t kBlockBytes = 256 << 10;

  /// REQUIRES: the block buffer outlives the reader; it is shared by the readers that follow one
  /// another.
  LineReader(std::unique_ptr<ReadableFile> file, std::string path, std::uint64_t offset,
             std::uint64_t length, std::string& buffer, bool atLineStart = false);
  /// The next line, valid until the following call; false at the range's end.
  bool next(std::string_view& line);
  /// In the file, of the next line.
  [[nodiscard]] std::uint64_t position() const { return linePosition_; }
  /// Bytes taken from the file so far.
  [[nodiscard]] std::uint64_t bytesRead() const { return filePosition_ - begunAt_; }

 private:
  /// Moves what is left to the buffer's front and reads on; false when the file has no more.
  bool fill();
  void skipFirstLine();

  std::unique_ptr<ReadableFile> file_;
  std::string path_;
  std::uint64_t begunAt_;
  std::uint64_t filePosition_;  ///< of the next byte to read
  std::uint64_t linePosition_;  ///< in the file, of buffer_[begin_]
  std::uint64_t end_;           ///< lines that start here or later are not ours
  std::string& buffer_;
  std::size_t begin_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace flink::connectors
