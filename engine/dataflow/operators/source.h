#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataflow/operators/collector.h"
#include "dataflow/operators/runtime_context.h"

namespace flink {

class Clock;
class Executor;
class FileSystem;

enum class Boundedness : std::uint8_t { kBounded, kContinuousUnbounded };

enum class InputStatus : std::uint8_t {
  kMoreAvailable,     ///< call pollNext again
  kNothingAvailable,  ///< the reader calls SourceReaderContext::notifyAvailable when there is more
  kEndOfInput,        ///< nothing will ever come again
};

/// What a source reader may know and ask.
class SourceReaderContext {
 public:
  virtual ~SourceReaderContext() = default;
  [[nodiscard]] virtual RuntimeContext& getRuntimeContext() = 0;
  [[nodiscard]] virtual int getIndexOfSubtask() const = 0;
  [[nodiscard]] virtual int currentParallelism() const = 0;
  /// Asks the enumerator for another split.
  virtual void sendSplitRequest() = 0;
  /// Ends a kNothingAvailable. Thread: any.
  virtual void notifyAvailable() = 0;
  /// Thread: any.
  [[nodiscard]] virtual bool isCancelled() const = 0;
  [[nodiscard]] virtual FileSystem& files() const = 0;
  [[nodiscard]] virtual const Clock& clock() const = 0;
  [[nodiscard]] virtual Executor& executor() const = 0;
};

/// Reads the splits that one subtask was given. Failures are thrown.
/// Thread: the task's step. It must not block: a reader that waits for the outside does so
/// elsewhere (executor().runBlocking) and calls notifyAvailable().
template <class T, class Split>
class SourceReader {
 public:
  virtual ~SourceReader() = default;
  virtual void start() = 0;
  /// Emits up to about `maxRecords`.
  virtual InputStatus pollNext(Collector<T>& output, std::size_t maxRecords) = 0;
  virtual void addSplits(std::vector<Split> splits) = 0;
  /// No split will follow those that were added.
  virtual void notifyNoMoreSplits() = 0;
  /// What is left to read of the splits that were added, from here on: after a restore they are
  /// added again, to a reader that has not started.
  virtual std::vector<Split> snapshotState(std::int64_t checkpointId) = 0;
  virtual void notifyCheckpointComplete(std::int64_t /*checkpointId*/) {}
  virtual void notifyCheckpointAborted(std::int64_t /*checkpointId*/) {}
  virtual void close() {}
};

/// What an enumerator sees of its job.
template <class Split>
class SplitEnumeratorContext {
 public:
  virtual ~SplitEnumeratorContext() = default;
  [[nodiscard]] virtual int currentParallelism() const = 0;
  /// Subtasks whose reader has started.
  [[nodiscard]] virtual const std::vector<int>& registeredReaders() const = 0;
  /// True when some readers may start only after others have ended (a batch with fewer slots than
  /// subtasks): waiting for all of them would be for ever.
  [[nodiscard]] virtual bool readersMayStartInTurns() const { return false; }
  virtual void assignSplit(const Split& split, int subtask) = 0;
  /// The subtask ends once it has read what it was assigned.
  virtual void signalNoMoreSplits(int subtask) = 0;
  [[nodiscard]] virtual FileSystem& files() const = 0;
  [[nodiscard]] virtual const Clock& clock() const = 0;
  /// Runs `work` outside the coordinator's step and then `done` inside it.
  virtual void callAsync(std::function<void()> work, std::function<void()> done) = 0;
  /// The same again and again: `period` after `done` has run, the first time after `initialDelay`.
  virtual void callAsync(std::function<void()> work, std::function<void()> done,
                         std::chrono::milliseconds initialDelay,
                         std::chrono::milliseconds period) = 0;
};

/// Finds splits and deals them out; one per source and job. Failures are thrown.
/// Thread: the coordinator's step.
template <class Split>
class SplitEnumerator {
 public:
  virtual ~SplitEnumerator() = default;
  virtual void start() = 0;
  virtual void addReader(int /*subtask*/) {}
  virtual void handleSplitRequest(int subtask) = 0;
  /// The reader of `subtask` failed, and goes on from a state without these splits.
  virtual void addSplitsBack(std::vector<Split> splits, int subtask) = 0;
  /// Everything that is not assigned, for Source::restoreEnumerator(): any bytes, such as
  /// types::serialize() makes.
  [[nodiscard]] virtual std::string snapshotState(std::int64_t checkpointId) = 0;
  virtual void close() {}
};

/// Describes where records come from. `Split` is a serializable value. One object serves the
/// enumerator and all readers. Thread: const, any.
template <class T, class Split>
class Source {
 public:
  using Record = T;
  using SplitType = Split;
  virtual ~Source() = default;
  [[nodiscard]] virtual Boundedness getBoundedness() const = 0;
  virtual std::unique_ptr<SplitEnumerator<Split>> createEnumerator(
      SplitEnumeratorContext<Split>& context) const = 0;
  /// Goes on from what SplitEnumerator::snapshotState() gave. start() is called as ever.
  virtual std::unique_ptr<SplitEnumerator<Split>> restoreEnumerator(
      SplitEnumeratorContext<Split>& context, const std::string& checkpoint) const = 0;
  virtual std::unique_ptr<SourceReader<T, Split>> createReader(
      SourceReaderContext& context) const = 0;
};

}  // namespace flink
