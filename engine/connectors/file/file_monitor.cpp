#include "connectors/file/file_monitor.h"

#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "connectors/file/path_pattern.h"
#include "connectors/split_assigner.h"
#include "core/base/error_codes.h"
#include "core/base/fs.h"
#include "core/types/serializer.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::connectors {

namespace {

using Queues = SplitAssigner<FileSplit>::Queues;

/// What a checkpoint has of the enumerator.
struct MonitorState {
  std::map<std::string, std::int64_t> seen;  ///< paths, with their times of modification
  std::optional<Queues> left;
};

class MonitoringEnumerator final : public SplitEnumerator<FileSplit> {
 public:
  MonitoringEnumerator(std::vector<std::string> paths, bool recursive, FileMonitoring monitoring,
                       SplitEnumeratorContext<FileSplit>& context, MonitorState state)
      : paths_(std::move(paths)),
        recursive_(recursive),
        monitoring_(monitoring),
        context_(context),
        restored_(std::move(state.left)),
        seen_(std::move(state.seen)),
        assigner_(context, true) {}

  void start() override {
    if (restored_) assigner_.setQueues(*std::exchange(restored_, std::nullopt));
    struct Listing {
      std::vector<FileStatus> files;
      Status status;
    };
    auto listing = std::make_shared<Listing>();
    auto work = [listing, paths = paths_, recursive = recursive_, &files = context_.files()] {
      *listing = {};
      for (const std::string& path : paths) {
        auto found = listFiles(files, path, recursive);
        if (!found && found.status().code() == ErrorCode::kFileNotFound) continue;  // not yet
        if (!found) {
          listing->status = std::move(found).status();
          return;
        }
        listing->files.insert(listing->files.end(), found->begin(), found->end());
      }
    };
    context_.callAsync(
        std::move(work),
        [this, listing] {
          operators::throwIfError(std::move(listing->status));
          onFound(listing->files);
        },
        std::chrono::milliseconds(0), monitoring_.interval);
  }
  void addReader(int /*subtask*/) override { assigner_.addReader(); }
  void handleSplitRequest(int subtask) override { assigner_.request(subtask); }
  void addSplitsBack(std::vector<FileSplit> splits, int subtask) override {
    assigner_.addBack(std::move(splits), subtask);
  }
  [[nodiscard]] std::string snapshotState(std::int64_t /*checkpointId*/) override {
    return types::serialize(MonitorState{seen_, restored_ ? restored_ : assigner_.left()});
  }

 private:
  void onFound(const std::vector<FileStatus>& files) {
    std::vector<FileRange> fresh;
    for (const FileStatus& file : files) {
      const auto [entry, isNew] = seen_.try_emplace(file.path, file.modifiedMs);
      const bool modified = monitoring_.rereadModified && entry->second != file.modifiedMs;
      if (!isNew && !modified) continue;
      entry->second = file.modifiedMs;
      fresh.push_back({file.path, 0, file.size});
    }
    assigner_.setSplits(splitFiles(fresh, context_.currentParallelism()));
  }

  const std::vector<std::string> paths_;
  const bool recursive_;
  const FileMonitoring monitoring_;
  SplitEnumeratorContext<FileSplit>& context_;
  std::optional<Queues> restored_;  // until start()
  std::map<std::string, std::int64_t> seen_;
  SplitAssigner<FileSplit> assigner_;
};

}  // namespace

std::unique_ptr<SplitEnumerator<FileSplit>> makeMonitoringEnumerator(
    std::vector<std::string> paths, bool recursive, FileMonitoring monitoring,
    SplitEnumeratorContext<FileSplit>& context, const std::string* checkpoint) {
  MonitorState state;
  if (checkpoint != nullptr)
    operators::throwIfError(types::deserialize(asBytes(*checkpoint), state));
  return std::make_unique<MonitoringEnumerator>(std::move(paths), recursive, monitoring, context,
                                                std::move(state));
}

}  // namespace flink::connectors
