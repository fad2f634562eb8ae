#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "connectors/file/part_files.h"
#include "dataflow/operators/committing_sink.h"
#include "dataflow/operators/processing_time_service.h"

// What the tasks of a FileSink do that does not depend on the records' type.
namespace flink::connectors {

/// One writer's part files, checked by a timer.
class FileSinkTask {
 public:
  struct Settings {
    std::string path;
    const RollingPolicy* rolling = nullptr;
    OutputFileConfig names;
    std::chrono::milliseconds bucketCheckInterval{0};
  };
  FileSinkTask(Settings settings, operators::OperatorContext& context);
  FileSinkTask(const FileSinkTask&) = delete;
  FileSinkTask& operator=(const FileSinkTask&) = delete;

  [[nodiscard]] PartFiles& parts() { return parts_; }
  [[nodiscard]] std::int64_t now() const;
  /// No timer comes afterwards.
  void close();

 private:
  void checkLater();

  const std::chrono::milliseconds interval_;
  operators::OperatorContext& context_;
  PartFiles parts_;
  operators::ProcessingTimeService::TimerId timer_ =
      operators::ProcessingTimeService::TimerId::kNone;
};

[[nodiscard]] std::unique_ptr<Committer<FileSinkCommittable>> makePartCommitter(
    CommitterInitContext& context);

[[noreturn]] void throwNoBulkFormats(const std::string& path);

}  // namespace flink::connectors
