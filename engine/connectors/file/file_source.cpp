#include "connectors/file/file_source.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "connectors/file/file_monitor.h"
#include "connectors/file/line_reader.h"
#include "connectors/file/path_pattern.h"
#include "connectors/split_assigner.h"
#include "core/base/error_codes.h"
#include "core/base/fs.h"
#include "core/types/serializer.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::connectors {

namespace {

/// Small enough that the slowest reader is late by little, large enough that asking for one costs
/// nothing.
constexpr std::uint64_t kMinSplitBytes = 256 << 10;
constexpr std::uint64_t kMaxSplitBytes = 32 << 20;
constexpr std::uint64_t kSplitsPerReader = 8;

class FileSplitEnumerator final : public SplitEnumerator<FileSplit> {
 public:
  using Queues = SplitAssigner<FileSplit>::Queues;

  FileSplitEnumerator(std::vector<std::string> paths, bool recursive,
                      SplitEnumeratorContext<FileSplit>& context, std::optional<Queues> restored)
      : restored_(std::move(restored)),
        paths_(std::move(paths)),
        recursive_(recursive),
        context_(context),
        assigner_(context) {}

  void start() override {
    if (restored_) return assigner_.setQueues(*std::exchange(restored_, std::nullopt));
    // Listing may take long on a large tree; requests wait meanwhile.
    struct Listing {
      std::vector<FileRange> files;
      Status status;
    };
    auto listing = std::make_shared<Listing>();
    auto work = [listing, paths = paths_, recursive = recursive_, &files = context_.files()] {
      for (const std::string& path : paths) {
        auto found = listFiles(files, path, recursive);
        if (!found) {
          listing->status = std::move(found).status();
          return;
        }
        for (FileStatus& file : *found)
          listing->files.push_back({std::move(file.path), 0, file.size});
      }
    };
    context_.callAsync(std::move(work), [this, listing] {
      operators::throwIfError(std::move(listing->status));
      assigner_.setSplits(splitFiles(listing->files, context_.currentParallelism()));
    });
  }
  void addReader(int /*subtask*/) override { assigner_.addReader(); }
  void handleSplitRequest(int subtask) override { assigner_.request(subtask); }
  void addSplitsBack(std::vector<FileSplit> splits, int subtask) override {
    assigner_.addBack(std::move(splits), subtask);
  }
  [[nodiscard]] std::string snapshotState(std::int64_t /*checkpointId*/) override {
    return types::serialize(restored_ ? restored_ : assigner_.left());
  }

 private:
  std::optional<Queues> restored_;  // until start(); none while the files are not listed
  std::vector<std::string> paths_;
  bool recursive_;
  SplitEnumeratorContext<FileSplit>& context_;
  SplitAssigner<FileSplit> assigner_;
};

/// Reads one split after another and always has the next one asked for.
class TextLineReader final : public SourceReader<std::string, FileSplit> {
 public:
  explicit TextLineReader(SourceReaderContext& context)
      : context_(context),
        bytesIn_(context.getRuntimeContext().getMetricGroup().counter("numBytesIn")) {}

  void start() override {
    for (std::size_t asked = splits_.size(); asked < 2; ++asked) context_.sendSplitRequest();
  }

  InputStatus pollNext(Collector<std::string>& output, std::size_t maxRecords) override {
    const InputStatus status = read(output, maxRecords);
    countBytes();
    return status;
  }

  void addSplits(std::vector<FileSplit> splits) override {
    for (FileSplit& split : splits) splits_.push_back(std::move(split));
    context_.notifyAvailable();
  }
  void notifyNoMoreSplits() override {
    noMoreSplits_ = true;
    context_.notifyAvailable();
  }
  std::vector<FileSplit> snapshotState(std::int64_t /*checkpointId*/) override {
    std::vector<FileSplit> left;
    FileSplit rest;
    if (reader_) {
      FileRange range = current_.ranges[nextRange_ - 1];
      range.length -= std::min(range.length, reader_->position() - range.offset);
      range.offset = reader_->position();
      range.atLineStart = true;
      if (range.length > 0) rest.ranges.push_back(std::move(range));
    }
    for (std::size_t i = nextRange_; i < current_.ranges.size(); ++i)
      rest.ranges.push_back(current_.ranges[i]);
    if (!rest.ranges.empty()) left.push_back(std::move(rest));
    left.insert(left.end(), splits_.begin(), splits_.end());
    return left;
  }
  void close() override { reader_.reset(); }

 private:
  InputStatus read(Collector<std::string>& output, std::size_t maxRecords) {
    std::size_t emitted = 0;
    std::string_view line;
    while (emitted < maxRecords) {
      if (!reader_ && !openNext())
        return noMoreSplits_ ? InputStatus::kEndOfInput : InputStatus::kNothingAvailable;
      if (reader_->next(line)) {
        output.slot().assign(line);
        ++emitted;
      } else {
        countBytes();
        reader_.reset();
        counted_ = 0;
      }
    }
    return InputStatus::kMoreAvailable;
  }

  void countBytes() {
    if (!reader_) return;
    const std::uint64_t total = reader_->bytesRead();
    bytesIn_->inc(static_cast<std::int64_t>(total - std::exchange(counted_, total)));
  }

  bool openNext() {
    while (nextRange_ == current_.ranges.size()) {
      if (splits_.empty()) return false;
      current_ = std::move(splits_.front());
      splits_.pop_front();
      nextRange_ = 0;
      if (!noMoreSplits_) context_.sendSplitRequest();
    }
    const FileRange& range = current_.ranges[nextRange_++];
    auto file = operators::valueOrThrow(context_.files().openRead(range.path));
    reader_.emplace(std::move(file), range.path, range.offset, range.length, buffer_,
                    range.atLineStart);
    return true;
  }

  SourceReaderContext& context_;
  std::shared_ptr<metrics::Counter> bytesIn_;
  std::uint64_t counted_ = 0;  ///< bytes of the open range that bytesIn_ has
  std::deque<FileSplit> splits_;
  FileSplit current_;
  std::size_t nextRange_ = 0;
  bool noMoreSplits_ = false;
  std::string buffer_;
  std::optional<LineReader> reader_;
};

}  // namespace

std::vector<FileSplit> splitFiles(const std::vector<FileRange>& files, int parallelism) {
  std::uint64_t total = 0;
  for (const FileRange& file : files) total += file.length;
  const std::uint64_t target =
      std::clamp(total / (static_cast<std::uint64_t>(parallelism) * kSplitsPerReader),
                 kMinSplitBytes, kMaxSplitBytes);
  std::vector<FileSplit> splits;
  FileSplit open;
  std::uint64_t openBytes = 0;
  for (const FileRange& file : files) {
    std::uint64_t offset = file.offset;
    const std::uint64_t end = file.offset + file.length;
    while (offset < end) {
      const std::uint64_t length = std::min(end - offset, target - openBytes);
      open.ranges.push_back({file.path, offset, length});
      openBytes += length;
      offset += length;
      if (openBytes == target) {
        splits.push_back(std::exchange(open, {}));
        openBytes = 0;
      }
    }
  }
  if (!open.ranges.empty()) splits.push_back(std::move(open));
  return splits;
}

FileSource::FileSource(std::vector<std::string> paths, bool recursive)
    : paths_(std::move(paths)), recursive_(recursive) {}

FileSource FileSource::monitored(FileMonitoring monitoring) const {
  if (monitoring.interval.count() <= 0) {
    throw StatusException(Status(ErrorCode::kInvalidArgument,
                                 "the interval between two looks for new files must be positive"));
  }
  FileSource source = *this;
  source.monitoring_ = monitoring;
  return source;
}

std::unique_ptr<SplitEnumerator<FileSplit>> FileSource::createEnumerator(
    SplitEnumeratorContext<FileSplit>& context) const {
  if (monitoring_)
    return makeMonitoringEnumerator(paths_, recursive_, *monitoring_, context, nullptr);
  return std::make_unique<FileSplitEnumerator>(paths_, recursive_, context, std::nullopt);
}

std::unique_ptr<SplitEnumerator<FileSplit>> FileSource::restoreEnumerator(
    SplitEnumeratorContext<FileSplit>& context, const std::string& checkpoint) const {
  if (monitoring_)
    return makeMonitoringEnumerator(paths_, recursive_, *monitoring_, context, &checkpoint);
  std::optional<FileSplitEnumerator::Queues> queues;
  operators::throwIfError(types::deserialize(asBytes(checkpoint), queues));
  return std::make_unique<FileSplitEnumerator>(paths_, recursive_, context, std::move(queues));
}

std::unique_ptr<SourceReader<std::string, FileSplit>> FileSource::createReader(
    SourceReaderContext& context) const {
  return std::make_unique<TextLineReader>(context);
}

}  // namespace flink::connectors
