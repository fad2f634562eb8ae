#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/record_slots.h"
#include "dataflow/operators/source_function.h"
#include "dataflow/operators/source_thread.h"

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
    if (position_ == taken_) {
      position_ = 0;
      taken_ = emitter_->takeAll(ended);
    }
    const std::size_t n =
        std::min({taken_ - position_, kBatchSize, std::max<std::size_t>(1, maxRecords)});
    output_.forward({emitter_->taken() + position_, n});
    position_ += n;
    countOut(output_.numRecords());
    if (n > 0) return Poll::kMore;
    return ended ? Poll::kEnd : Poll::kNothingNow;
  }

  void handleEvent(std::string_view /*payload*/) override {}

  void close() override {
    if (thread_ != nullptr) thread_->stop([this] { function_.cancel(); });
    emitter_.reset();
    thread_.reset();
    closeFunction(function_);
    closeServices();
  }

 private:
  /// The source thread's side: records wait in one half of a double buffer.
  class Emitter final : public SourceContext<T>, private SourceContext<T>::CheckpointLock {
   public:
    explicit Emitter(SourceThread& thread) : thread_(thread) {
      filling_.grow(SourceThread::kCapacity);
    }

    void collect(T record) override {
      checkpointLock_.lock();
      bool wake = false;
      try {
        const MutexLock lock(thread_.mutex());
        thread_.waitForRoom();
        filling_.data()[filled_++] = std::move(record);
        wake = thread_.published();
      } catch (...) {
        checkpointLock_.unlock();
        throw;
      }
      checkpointLock_.unlock();
      if (wake) thread_.wakeStep();
    }
    typename SourceContext<T>::CheckpointLock& getCheckpointLock() override { return *this; }

    /// Thread: the task's step. Valid until the next takeAll().
    std::size_t takeAll(bool& ended) {
      const MutexLock lock(thread_.mutex());
      const std::size_t n = thread_.takeAll();
      taken_.swap(filling_);
      filling_.grow(SourceThread::kCapacity);
      filled_ = 0;
      if (n == 0) ended = thread_.ended();
      return n;
    }
    [[nodiscard]] T* taken() const { return taken_.data(); }

   private:
    void lock() override { checkpointLock_.lock(); }
    void unlock() override { checkpointLock_.unlock(); }

    SourceThread& thread_;
    RecursiveLock checkpointLock_;
    RecordSlots<T> filling_;
    RecordSlots<T> taken_;
    std::size_t filled_ = 0;
  };

  F function_;
  Output<T> output_;
  std::unique_ptr<SourceThread> thread_;
  std::unique_ptr<Emitter> emitter_;
  bool started_ = false;
  std::size_t position_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace flink::operators
