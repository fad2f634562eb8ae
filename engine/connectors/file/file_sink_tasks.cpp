#include "connectors/file/file_sink_tasks.h"

#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::connectors {

namespace {

std::string identityOf(const operators::OperatorContext& context) {
  return fmt::format("{} {} {} {}", context.jobId.toHex(), context.operatorId.toHex(),
                     context.subtaskIndex, context.attemptNumber);
}

class PartCommitter final : public Committer<FileSinkCommittable> {
 public:
  explicit PartCommitter(FileSystem& files) : files_(files) {}
  void commit(std::vector<CommitRequest<FileSinkCommittable>>& requests) override {
    std::set<std::string> directories;
    for (CommitRequest<FileSinkCommittable>& request : requests) {
      const FileSinkCommittable& part = request.getCommittable();
      if (commitPart(files_, part) == PartCommit::kAlreadyCommitted)
        request.signalAlreadyCommitted();
      // Also of those: the attempt that renamed them may not have come this far.
      if (!part.path.empty()) directories.insert(directoryOf(part.path));
    }
    // The next checkpoint does not have them any more.
    for (const std::string& directory : directories)
      operators::throwIfError(files_.syncDirectory(directory));
  }

 private:
  FileSystem& files_;
};

}  // namespace

FileSinkTask::FileSinkTask(Settings settings, operators::OperatorContext& context)
    : interval_(settings.bucketCheckInterval),
      context_(context),
      parts_({std::move(settings.path), *settings.rolling, std::move(settings.names),
              uniqueWriterId(identityOf(context), *context.clock)},
             *context.files, *context.clock) {
  checkLater();
}

std::int64_t FileSinkTask::now() const {
  return context_.clock->wallMs();
}

void FileSinkTask::checkLater() {
  if (context_.processingTime == nullptr || interval_.count() <= 0) return;
  timer_ = context_.processingTime->registerTimer(
      context_.processingTime->now() + interval_.count(), [this](types::Timestamp) {
        parts_.onProcessingTime();
        checkLater();
      });
}

void FileSinkTask::close() {
  if (context_.processingTime != nullptr) context_.processingTime->cancel(timer_);
}

std::unique_ptr<Committer<FileSinkCommittable>> makePartCommitter(CommitterInitContext& context) {
  return std::make_unique<PartCommitter>(*context.operatorContext().files);
}

void throwNoBulkFormats(const std::string& path) {
  throw operators::OperatorFailure(
      Status(ErrorCode::kUnsupported,
             "file sinks write rows, not yet bulk formats; use FileSink::forRowFormat() with an "
             "encoder: path=" +
                 path));
}

}  // namespace flink::connectors
