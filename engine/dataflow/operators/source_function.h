#pragma once

#include <cstdint>

#include "dataflow/operators/functions.h"

namespace flink {

/// Where a SourceFunction emits.
/// Thread: the function's own; getCheckpointLock() makes several records and the state that belongs
/// to them one step.
template <class T>
class SourceContext {
 public:
  virtual ~SourceContext() = default;
  /// Emits one record; waits while the task has not taken the earlier ones. Ends the function's run
  /// by an internal exception once the task is being cancelled (let it pass).
  virtual void collect(T record) = 0;
  /// The same with event time.
  virtual void collectWithTimestamp(T record, std::int64_t timestamp) = 0;
  /// No record with this timestamp or an earlier one follows. One that does not rise is dropped.
  virtual void emitWatermark(std::int64_t watermark) = 0;
  /// Event time does not wait for this source until it emits again.
  virtual void markAsTemporarilyIdle() = 0;

  /// Recursive, so that collect() works inside.
  class CheckpointLock {
   public:
    virtual ~CheckpointLock() = default;
    virtual void lock() = 0;
    virtual void unlock() = 0;
  };
  /// For std::lock_guard and friends.
  virtual CheckpointLock& getCheckpointLock() = 0;
};

/// The classic source: run() emits until it is done or cancel() was called. Any copyable object
/// with both methods serves. Thread: run() has a thread of its own, cancel() comes from another
/// one.
template <class T>
class SourceFunction {
 public:
  virtual ~SourceFunction() = default;
  virtual void run(SourceContext<T>& context) = 0;
  virtual void cancel() = 0;
};

template <class T>
class RichSourceFunction : public RichFunction, public SourceFunction<T> {};

namespace operators {

template <class F, class T>
concept CallableSourceFunction = requires(F& f, SourceContext<T>& context) {
  f.run(context);
  f.cancel();
};

}  // namespace operators
}  // namespace flink
