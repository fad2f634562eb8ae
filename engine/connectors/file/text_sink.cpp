#include "connectors/file/text_sink.h"

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::connectors {

Result<TextFile> TextFile::open(FileSystem& files, const std::string& path, WriteMode mode,
                                int subtask, int parallelism) {
  const auto existing = files.status(path);
  std::string file = path;
  if (parallelism > 1) {
    if (existing && !existing->isDirectory) {
      return {ErrorCode::kAlreadyExists,
              fmt::format("the output is a file, but parallelism {} needs a directory: path={}",
                          parallelism, path)};
    }
    FLINK_RETURN_IF_ERROR(files.createDirectories(path));
    file = fmt::format("{}/{}", path, subtask + 1);
  } else if (existing && existing->isDirectory) {
    return {
        ErrorCode::kAlreadyExists,
        fmt::format("the output is a directory, but parallelism 1 needs a file: path={}", path)};
  }
  if (mode == WriteMode::kNoOverwrite && files.status(file).isOk()) {
    return {ErrorCode::kAlreadyExists,
            fmt::format("the output exists and may not be overwritten; remove it or use "
                        "WriteMode::kOverwrite: path={}",
                        file)};
  }
  FLINK_ASSIGN_OR_RETURN(auto opened, files.openWrite(file));
  return TextFile(std::move(opened));
}

Status TextFile::write() {
  FLINK_RETURN_IF_ERROR(file_->append(asBytes(buffer_)));
  for (const auto& counter : counters_) counter->inc(static_cast<std::int64_t>(buffer_.size()));
  buffer_.clear();
  return Status::ok();
}

Status TextFile::flush() {
  FLINK_RETURN_IF_ERROR(write());
  return file_->flush();
}

Status TextFile::close() {
  if (file_ == nullptr) return Status::ok();
  Status written = flush();
  Status closed = file_->close();
  file_ = nullptr;
  return written.isOk() ? std::move(closed) : std::move(written);
}

TextFile openTextFile(WriterInitContext& context, const std::string& path, WriteMode mode) {
  const operators::OperatorContext& task = context.operatorContext();
  TextFile file = operators::valueOrThrow(
      TextFile::open(*task.files, path, mode, task.subtaskIndex, task.parallelism));
  file.countInto({context.metricGroup().counter("numBytesSend"),
                  context.metricGroup().counter("numBytesOut")});
  return file;
}

}  // namespace flink::connectors
