#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/fs.h"
#include "core/metrics/registry.h"
#include "core/types/text.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/operators/sink.h"

namespace flink {

/// What writeAsText does with files that are already there.
enum class WriteMode : std::uint8_t { kNoOverwrite, kOverwrite };

namespace connectors {

/// One subtask's text file, written in large pieces.
class TextFile {
 public:
  /// Errors: kAlreadyExists (kNoOverwrite), those of the file system.
  static Result<TextFile> open(FileSystem& files, const std::string& path, WriteMode mode,
                               int subtask, int parallelism);

  /// Where the next line goes.
  [[nodiscard]] std::string& buffer() { return buffer_; }
  Status endLine() {
    buffer_ += '\n';
    return buffer_.size() < kWriteBytes ? Status::ok() : write();
  }
  Status flush();
  Status close();
  /// Counts the bytes that go into the file.
  void countInto(std::vector<std::shared_ptr<metrics::Counter>> counters) {
    counters_ = std::move(counters);
  }

 private:
  static constexpr std::size_t kWriteBytes = 256 << 10;
  explicit TextFile(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}
  Status write();

  std::unique_ptr<WritableFile> file_;
  std::string buffer_;
  std::vector<std::shared_ptr<metrics::Counter>> counters_;
};

/// Opens the file of a subtask as the context's file system gives it. Failures are thrown.
TextFile openTextFile(WriterInitContext& context, const std::string& path, WriteMode mode);

/// Writes records as lines: into the file `path` at parallelism 1, else into the files 1, 2, .. of
/// the directory `path`.
template <class T>
class TextSink final : public Sink<T> {
 public:
  explicit TextSink(std::string path, WriteMode mode = WriteMode::kNoOverwrite)
      : path_(std::move(path)), mode_(mode) {}
  std::unique_ptr<SinkWriter<T>> createWriter(WriterInitContext& context) const override {
    return std::make_unique<Writer>(openTextFile(context, path_, mode_));
  }

 private:
  class Writer final : public SinkWriter<T> {
   public:
    explicit Writer(TextFile file) : file_(std::move(file)) {}
    void write(const T& element, const typename SinkWriter<T>::Context& /*context*/) override {
      types::appendText(file_.buffer(), element);
      operators::throwIfError(file_.endLine());
    }
    void flush(bool /*endOfInput*/) override { operators::throwIfError(file_.flush()); }
    void close() override { operators::throwIfError(file_.close()); }

   private:
    TextFile file_;
  };

  std::string path_;
  WriteMode mode_;
};

}  // namespace connectors
}  // namespace flink
