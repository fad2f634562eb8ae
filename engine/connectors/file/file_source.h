#pragma once

#include <cstdint>
#include <memory>
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

/// Reads the lines of text files: a file, the files of a directory, or those that fit a pattern.
/// Bounded.
class FileSource final : public Source<std::string, FileSplit> {
 public:
  /// `recursive`: directories are read with all that is below them.
  explicit FileSource(std::vector<std::string> paths, bool recursive = true);
  static FileSource forTextLines(std::string path, bool recursive = true) {
    return FileSource({std::move(path)}, recursive);
  }

  [[nodiscard]] Boundedness getBoundedness() const override { return Boundedness::kBounded; }
  std::unique_ptr<SplitEnumerator<FileSplit>> createEnumerator(
      SplitEnumeratorContext<FileSplit>& context) const override;
  std::unique_ptr<SplitEnumerator<FileSplit>> restoreEnumerator(
      SplitEnumeratorContext<FileSplit>& context, const std::string& checkpoint) const override;
  std::unique_ptr<SourceReader<std::string, FileSplit>> createReader(
      SourceReaderContext& context) const override;

 private:
  std::vector<std::string> paths_;
  bool recursive_;
};

}  // namespace flink::connectors
