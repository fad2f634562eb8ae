#include "connectors/sequence/number_sequence_source.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "connectors/split_assigner.h"
#include "core/types/serializer.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::connectors {

namespace {

/// Equal shares of from..to; the first ones take the remainder. Unsigned arithmetic: the whole
/// range of int64 is allowed.
SplitAssigner<NumberSequenceSplit>::Queues shares(std::int64_t from, std::int64_t to,
                                                  int parallelism) {
  SplitAssigner<NumberSequenceSplit>::Queues splits(static_cast<std::size_t>(parallelism));
  if (from > to) return splits;
  const auto numReaders = static_cast<std::uint64_t>(parallelism);
  // The count minus one always fits; the count itself does not for the whole range.
  const std::uint64_t last = static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  std::uint64_t begin = 0;
  for (std::uint64_t reader = 0; reader < numReaders; ++reader) {
    const std::uint64_t left = last - begin;  // numbers that are left, minus one
    const std::uint64_t sharers = numReaders - reader;
    const std::uint64_t sizeMinusOne = left / sharers;
    const auto first = static_cast<std::int64_t>(static_cast<std::uint64_t>(from) + begin);
    const auto end =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(from) + begin + sizeMinusOne);
    splits[reader].push_back({first, end});
    if (sizeMinusOne >= left) break;
    begin += sizeMinusOne + 1;
  }
  return splits;
}

class SequenceEnumerator final : public SplitEnumerator<NumberSequenceSplit> {
 public:
  using Queues = SplitAssigner<NumberSequenceSplit>::Queues;

  SequenceEnumerator(Queues queues, SplitEnumeratorContext<NumberSequenceSplit>& context)
      : queues_(std::move(queues)), assigner_(context) {}
  void start() override { assigner_.setQueues(std::exchange(queues_, {})); }
  void addReader(int /*subtask*/) override { assigner_.addReader(); }
  void handleSplitRequest(int subtask) override { assigner_.request(subtask); }
  void addSplitsBack(std::vector<NumberSequenceSplit> splits, int subtask) override {
    assigner_.addBack(std::move(splits), subtask);
  }
  [[nodiscard]] std::string snapshotState(std::int64_t /*checkpointId*/) override {
    return types::serialize(assigner_.left().value_or(queues_));
  }

 private:
  Queues queues_;  // until start()
  SplitAssigner<NumberSequenceSplit> assigner_;
};

class SequenceReader final : public SourceReader<std::int64_t, NumberSequenceSplit> {
 public:
  explicit SequenceReader(SourceReaderContext& context) : context_(context) {}

  void start() override {
    if (splits_.empty()) context_.sendSplitRequest();
  }

  InputStatus pollNext(Collector<std::int64_t>& output, std::size_t maxRecords) override {
    while (maxRecords > 0 && !splits_.empty()) {
      NumberSequenceSplit& split = splits_.front();
      const std::uint64_t left =
          static_cast<std::uint64_t>(split.to) - static_cast<std::uint64_t>(split.from);
      const bool finished = left < maxRecords;
      const std::uint64_t count = finished ? left + 1 : maxRecords;
      std::int64_t value = split.from;
      for (std::uint64_t i = 0; i + 1 < count; ++i) output.collect(value++);
      output.collect(value);
      maxRecords -= count;
      if (!finished) {
        split.from = value + 1;
        continue;
      }
      splits_.pop_front();
      if (!noMoreSplits_) context_.sendSplitRequest();
    }
    if (!splits_.empty()) return InputStatus::kMoreAvailable;
    return noMoreSplits_ ? InputStatus::kEndOfInput : InputStatus::kNothingAvailable;
  }

  void addSplits(std::vector<NumberSequenceSplit> splits) override {
    splits_.insert(splits_.end(), splits.begin(), splits.end());
    context_.notifyAvailable();
  }
  void notifyNoMoreSplits() override {
    noMoreSplits_ = true;
    context_.notifyAvailable();
  }
  std::vector<NumberSequenceSplit> snapshotState(std::int64_t /*checkpointId*/) override {
    return {splits_.begin(), splits_.end()};
  }

 private:
  SourceReaderContext& context_;
  std::deque<NumberSequenceSplit> splits_;
  bool noMoreSplits_ = false;
};

}  // namespace

std::unique_ptr<SplitEnumerator<NumberSequenceSplit>> NumberSequenceSource::createEnumerator(
    SplitEnumeratorContext<NumberSequenceSplit>& context) const {
  return std::make_unique<SequenceEnumerator>(shares(from_, to_, context.currentParallelism()),
                                              context);
}

std::unique_ptr<SplitEnumerator<NumberSequenceSplit>> NumberSequenceSource::restoreEnumerator(
    SplitEnumeratorContext<NumberSequenceSplit>& context, const std::string& checkpoint) const {
  SequenceEnumerator::Queues queues;
  operators::throwIfError(types::deserialize(asBytes(checkpoint), queues));
  return std::make_unique<SequenceEnumerator>(std::move(queues), context);
}

std::unique_ptr<SourceReader<std::int64_t, NumberSequenceSplit>> NumberSequenceSource::createReader(
    SourceReaderContext& context) const {
  return std::make_unique<SequenceReader>(context);
}

}  // namespace flink::connectors
