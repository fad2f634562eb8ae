#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataflow/operators/source.h"

namespace flink::connectors {

/// A piece of one file.
struct FileRange {
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  /// A line is known to begin at `offset`; else it begins there only behind a line end.
  bool atLineStart = false;
};

/// What a reader is given at a time: a piece of a large file, or several small files.
struct FileSplit {
  std::vector<FileRange> ranges;
};

/// Cuts files into splits of about equal work for `parallelism` readers.
[[nodiscard]] std::vector<FileSplit> splitFiles(const std::vector<FileRange>& files,
                                                int parallelism);

/// Looks for new files every `interval`, for ever.
struct FileMonitoring {
  std::chrono::milliseconds interval{0};
  /// A file that is modified is read again, from its beginning (readFile()); else each path is read
  /// once, as long as it was when it was found.
  bool rereadModified = false;
};

/// Reads the lines of text files: a file, the files of a directory, or those that fit a pattern.
/// Bounded, unless it monitors them. Files should get their names when they are complete: what is
/// appended to a file after it was found is not read.
class FileSource final : public Source<std::string, FileSplit> {
 public:
  /// `recursive`: directories are read with all that is below them.
  explicit FileSource(std::vector<std::string> paths, bool recursive = true);
  static FileSource forTextLines(std::string path, bool recursive = true) {
    return FileSource({std::move(path)}, recursive);
  }

  /// Goes on looking for new files. Errors (thrown): kInvalidArgument without an interval.
  [[nodiscard]] FileSource monitorContinuously(std::chrono::milliseconds discoveryInterval) const {
    return monitored({discoveryInterval, false});
  }
  [[nodiscard]] FileSource monitored(FileMonitoring monitoring) const;

  [[nodiscard]] Boundedness getBoundedness() const override {
    return monitoring_ ? Boundedness::kContinuousUnbounded : Boundedness::kBounded;
  }
  std::unique_ptr<SplitEnumerator<FileSplit>> createEnumerator(
      SplitEnumeratorContext<FileSplit>& context) const override;
  std::unique_ptr<SplitEnumerator<FileSplit>> restoreEnumerator(
      SplitEnumeratorContext<FileSplit>& context, const std::string& checkpoint) const override;
  std::unique_ptr<SourceReader<std::string, FileSplit>> createReader(
      SourceReaderContext& context) const override;

 private:
  std::vector<std::string> paths_;
  bool recursive_;
  std::optional<FileMonitoring> monitoring_;
};

}  // namespace flink::connectors
