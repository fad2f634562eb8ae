#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/source_function.h"
#include "dataflow/operators/source_queue.h"
#include "dataflow/operators/source_thread.h"
#include "dataflow/operators/watermark_emitter.h"

namespace flink::operators {

/// Runs a legacy source function on its own thread and takes what it emitted in the task's step.
template <class T, class F>
class SourceFunctionOperator final : public SourceOperatorBase, private OperatorServices {
 public:
  SourceFunctionOperator(const OperatorOutputs& outputs, F function)
      : function_(std::move(function)), output_(outputs, "") {}

  void open(OperatorContext& context) override {
    openServices(context);
    openFunction(function_);
    thread_ = std::make_unique<SourceThread>(*context.clock, "source", context.wake);
    emitter_ = std::make_unique<Emitter>(*thread_);
  }

  Poll poll(std::size_t maxRecords) override {
    if (!std::exchange(started_, true)) thread_->start([this] { function_.run(*emitter_); });
    bool ended = false;
    if (taken_.atEnd()) emitter_->takeAll(taken_, ended);
    const bool any = emitNext(std::min(kBatchSize, std::max<std::size_t>(1, maxRecords)));
    countOut(output_.numRecords());
    if (any) return Poll::kMore;
    return ended ? Poll::kEnd : Poll::kNothingNow;
  }

  void handleEvent(std::string_view /*payload*/) override {}

  /// Everything that the function emitted before belongs in front of the barrier, so it goes out
  /// here, while the function may not emit.
  void snapshotState(const state::SnapshotContext& context) override {
    thread_->setUnbounded(true);
    emitter_->lockForSnapshot([&] {
      thread_->setUnbounded(false);
      do {
        while (emitNext(kBatchSize)) {
        }
      } while (emitter_->takeMore(taken_));
      countOut(output_.numRecords());
      snapshotFunctions(context);
    });
  }
  void notifyCheckpointComplete(state::SnapshotId id) override { notifyComplete(id); }
  void notifyCheckpointAborted(state::SnapshotId id) override { notifyAborted(id); }

  void close() override {
    if (thread_ != nullptr) thread_->stop([this] { function_.cancel(); });
    emitter_.reset();
    thread_.reset();
    closeFunction(function_);
    closeServices();
  }

 private:
  /// The source thread's side: what it emits waits in one half of a double buffer.
  class Emitter final : public SourceContext<T>, private SourceContext<T>::CheckpointLock {
   public:
    explicit Emitter(SourceThread& thread) : thread_(thread) {}

    void collect(T record) override {
      collectWithTimestamp(std::move(record), types::kNoTimestamp);
    }
    void collectWithTimestamp(T record, std::int64_t timestamp) override {
      emit([&] { filling_.add(std::move(record), timestamp); });
    }
    void emitWatermark(std::int64_t watermark) override {
      emit([&] { filling_.add({types::StreamElement::Kind::kWatermark, watermark}); });
    }
    void markAsTemporarilyIdle() override {
      emit([&] { filling_.add({types::StreamElement::Kind::kIdle, types::kMinWatermark}); });
    }
    typename SourceContext<T>::CheckpointLock& getCheckpointLock() override { return *this; }

    // Thread: the task's step.

    /// REQUIRES: `taken` is at its end.
    void takeAll(SourceQueue<T>& taken, bool& ended) {
      const MutexLock lock(thread_.mutex());
      if (thread_.takeAll() == 0) ended = thread_.ended();
      swapWith(taken);
    }
    /// The same where the end does not matter; false when nothing was there.
    bool takeMore(SourceQueue<T>& taken) {
      const MutexLock lock(thread_.mutex());
      if (!thread_.takeWaiting()) return false;
      swapWith(taken);
      return true;
    }
    template <class Work>
    void lockForSnapshot(Work&& work) {
      const RecursiveLockGuard guard(checkpointLock_);
      work();
    }

   private:
    template <class Add>
    void emit(Add&& add) {
      const RecursiveLockGuard guard(checkpointLock_);
      bool wake = false;
      {
        const MutexLock lock(thread_.mutex());
        thread_.waitForRoom();
        add();
        wake = thread_.published();
      }
      if (wake) thread_.wakeStep();
    }
    void swapWith(SourceQueue<T>& taken) {
      taken.clear();
      taken.swap(filling_);
    }
    void lock() override { checkpointLock_.lock(); }
    void unlock() override { checkpointLock_.unlock(); }

    SourceThread& thread_;
    RecursiveLock checkpointLock_;
    SourceQueue<T> filling_;
  };

  /// Puts out the next records, or what stands before them; false when nothing was taken.
  bool emitNext(std::size_t maxRecords) {
    return taken_.next(
        maxRecords,
        [this](std::span<T> records, const types::Timestamp* timestamps) {
          eventTime_.markActive();
          eventTime_.flush(context());
          output_.forward(records, timestamps);
        },
        [this](types::StreamElement element) {
          if (element.kind == types::StreamElement::Kind::kIdle) {
            eventTime_.markIdle();
          } else {
            eventTime_.emitWatermark(element.time);
          }
          eventTime_.flush(context());
        });
  }

  F function_;
  Output<T> output_;
  std::unique_ptr<SourceThread> thread_;
  std::unique_ptr<Emitter> emitter_;
  SourceQueue<T> taken_;
  WatermarkEmitter eventTime_;
  bool started_ = false;
};

}  // namespace flink::operators
