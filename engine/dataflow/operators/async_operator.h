#pragma once

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error_codes.h"
#include "dataflow/operators/argument_factory.h"
#include "dataflow/operators/async_functions.h"
#include "dataflow/operators/keyed_input.h"
#include "dataflow/operators/operator_base.h"
#include "dataflow/operators/operator_failure.h"
#include "dataflow/operators/output.h"
#include "dataflow/operators/runtime_state.h"

namespace flink::operators {

template <class F, class In, class Out>
concept CallableAsync = std::invocable<F&, const In&, ResultFuture<Out>> ||
    requires(F& f, const In& in, ResultFuture<Out> result) {
  f.asyncInvoke(in, result);
};

template <class Out>
struct AsyncSettings {
  bool ordered = true;
  std::int64_t timeoutMs = 0;  ///< 0: none
  std::size_t capacity = 100;
  AsyncRetryStrategy<Out> retry;
};

/// Makes asynchronous calls, up to a number of them at a time. Ordered: results come out in the
/// order of their records. Unordered: as they arrive, but never past a watermark. Records without a
/// result are state: after a restore their calls are made again.
/// Source of the rules: Flink's AsyncWaitOperator.
template <class In, class Out, class F>
class AsyncOperator final : public OneInputOperator<In> {
 public:
  AsyncOperator(const OperatorOutputs& outputs, F function, AsyncSettings<Out> settings)
      : function_(std::move(function)), settings_(std::move(settings)), output_(outputs, "") {}

  void open(OperatorContext& context) override {
    OperatorBase::open(context);
    calls_ = std::make_shared<AsyncCalls>(context.executor, *context.clock, context.wake);
    this->openFunction(function_);
    restored_ = valueOrThrow(context.state.operatorState->getListState(
        ListStateDescriptor<std::pair<types::Timestamp, In>>("_async_wait_operator_state_")));
    for (const auto& [timestamp, record] : restored_.get()) {
      makeRoom();
      add(record, timestamp);
    }
    restored_.clear();
    emit();
  }

  void process(Batch<In> batch) override {
    this->countIn(batch.records.size());
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      makeRoom();
      add(std::as_const(batch.records[i]),
          batch.timestamps == nullptr ? types::kNoTimestamp : batch.timestamps[i]);
    }
    workOff();
    emit();
  }

  // Event time waits for the records before it.
  void processWatermark(int /*index*/, types::Timestamp watermark) override {
    addElement({types::StreamElement::Kind::kWatermark, watermark});
  }
  void processWatermarkStatus(int /*index*/, bool idle) override {
    addElement({idle ? types::StreamElement::Kind::kIdle : types::StreamElement::Kind::kActive,
                types::kMinWatermark});
  }
  bool advance(std::size_t /*maxSteps*/) override {
    flush();
    return true;
  }
  void flush() override {
    workOff();
    emit();
  }

  bool finish(std::size_t /*maxRecords*/) override {
    if (!std::exchange(finishing_, true)) retryNow();
    flush();
    if (entries_.empty()) return true;
    park();
    flush();
    return entries_.empty();
  }

  void snapshotState(const state::SnapshotContext& context) override {
    OperatorBase::snapshotState(context);
    std::vector<std::pair<types::Timestamp, In>> waiting;
    for (const Entry& entry : entries_) {
      if (!entry.element.has_value()) waiting.emplace_back(entry.timestamp, entry.input);
    }
    restored_.update(std::move(waiting));
  }

  void close() override {
    if (calls_ != nullptr) {
      calls_->close();
      this->context().processingTime->cancel(timer_);
    }
    this->closeFunction(function_);
    OperatorBase::close();
  }

 private:
  struct Entry;
  using Position = typename std::list<Entry>::iterator;
  struct Due {
    Position position;
    bool isDeadline = false;  ///< else the time of a retry
  };
  using DueTimes = std::multimap<types::Timestamp, Due>;

  struct Entry {
    std::optional<types::StreamElement> element;  ///< instead of a record
    In input{};
    types::Timestamp timestamp = types::kNoTimestamp;
    std::shared_ptr<AsyncCall<Out>> call;  ///< the latest attempt
    std::uint64_t callId = 0;
    std::uint64_t segment = 0;  ///< how many elements came before
    int numAttempts = 0;
    bool timedOut = false;
    bool done = false;
    std::optional<typename DueTimes::iterator> deadline;
    std::optional<typename DueTimes::iterator> retry;
  };

  [[nodiscard]] types::Timestamp now() const { return this->context().processingTime->now(); }

  void add(const In& record, types::Timestamp timestamp) {
    const Position position = entries_.emplace(entries_.end());
    position->input = record;
    position->timestamp = timestamp;
    position->segment = lastSegment_;
    ++numCalls_;
    if (settings_.timeoutMs > 0) {
      position->deadline =
          due_.emplace(types::saturatingAdd(now(), settings_.timeoutMs), Due{position, true});
      arm();
    }
    invoke(position);
  }

  void makeRoom() {
    workOff();
    while (numCalls_ >= settings_.capacity) {
      park();
      workOff();
    }
  }

  void addElement(types::StreamElement element) {
    const Position position = entries_.emplace(entries_.end());
    position->element = element;
    position->segment = lastSegment_++;
  }

  void invoke(Position position) {
    ++position->numAttempts;
    newCall(position);
    const In& input = position->input;
    if constexpr (std::invocable<F&, const In&, ResultFuture<Out>>) {
      function_(input, ResultFuture<Out>(position->call));
    } else {
      function_.asyncInvoke(input, ResultFuture<Out>(position->call));
    }
  }
  /// From now on only this attempt's result counts.
  void newCall(Position position) {
    pending_.erase(position->callId);
    position->callId = ++lastCall_;
    position->call = std::make_shared<AsyncCall<Out>>(position->callId, calls_);
    pending_.emplace(position->callId, position);
  }

  /// Everything that can be done now: calls that ended or are overdue, retries, results in turn.
  void workOff() {
    for (bool any = true; any;) {
      any = takeEnded();
      any = takeDue(now()) || any;
    }
    if (settings_.ordered) {
      while (!entries_.empty() && isReady(entries_.front())) putOut(entries_.begin());
    } else {
      putOutSegment();
    }
    arm();
  }
  [[nodiscard]] static bool isReady(const Entry& entry) {
    return entry.done || entry.element.has_value();
  }
  /// Unordered: the first segment's results in the order in which they came; then what stands
  /// behind the segment, if that is over.
  void putOutSegment() {
    while (true) {
      for (const Position position : std::exchange(arrived_, {})) {
        if (position->segment == firstSegment_) {
          putOut(position);
        } else {
          arrived_.push_back(position);
        }
      }
      if (entries_.empty() || !entries_.front().element.has_value()) return;
      putOut(entries_.begin());
      ++firstSegment_;
    }
  }
  void putOut(Position position) {
    Entry& entry = *position;
    if (entry.element.has_value()) {
      const types::StreamElement element = *entry.element;
      entries_.erase(position);
      emit();
      using Kind = types::StreamElement::Kind;
      if (element.kind == Kind::kWatermark) {
        this->context().emitWatermark(element.time);
      } else {
        this->context().emitWatermarkStatus(element.kind == Kind::kIdle);
      }
      return;
    }
    output_.setTimestamp(entry.timestamp);
    for (Out& result : entry.call->results()) output_.collect(std::move(result));
    --numCalls_;
    entries_.erase(position);
  }

  bool takeEnded() {
    calls_->take(ended_);
    for (const std::uint64_t id : ended_) {
      const auto found = pending_.find(id);
      if (found != pending_.end()) onEnded(found->second);
    }
    return !std::exchange(ended_, {}).empty();
  }
  void onEnded(Position position) {
    pending_.erase(position->callId);
    AsyncCall<Out>& call = *position->call;
    if (!position->timedOut && !finishing_ &&
        position->numAttempts <= settings_.retry.maxAttempts &&
        settings_.retry.wantsRetry(call.results(), call.failure())) {
      const auto delay = settings_.retry.backoff(position->numAttempts);
      position->retry =
          due_.emplace(types::saturatingAdd(now(), delay.count()), Due{position, false});
      return;
    }
    if (call.failure() != nullptr) std::rethrow_exception(call.failure());
    forget(position->deadline);
    position->done = true;
    if (!settings_.ordered) arrived_.push_back(position);
  }

  /// The retries that wait get their last chance at once.
  void retryNow() {
    for (Position position = entries_.begin(); position != entries_.end(); ++position) {
      if (!position->retry.has_value()) continue;
      forget(position->retry);
      invoke(position);
    }
  }

  /// Times out and tries again what was due by `time`.
  bool takeDue(types::Timestamp time) {
    bool any = false;
    while (!due_.empty() && due_.begin()->first <= time) {
      const Due due = due_.begin()->second;
      any = true;
      if (due.isDeadline) {
        forget(due.position->deadline);
        onTimeout(due.position);
      } else {
        forget(due.position->retry);
        invoke(due.position);
      }
    }
    return any;
  }
  void onTimeout(Position position) {
    forget(position->retry);
    position->timedOut = true;
    newCall(position);
    const In& input = position->input;
    const ResultFuture<Out> result(position->call);
    if constexpr (requires { function_.timeout(input, result); }) {
      function_.timeout(input, result);
    } else {
      result.completeExceptionally(AsyncTimeoutException());
    }
  }
  void forget(std::optional<typename DueTimes::iterator>& entry) {
    if (entry.has_value()) due_.erase(*entry);
    entry.reset();
  }

  /// Has the task's clock call for the earliest time that is due.
  void arm() {
    ProcessingTimeService& clock = *this->context().processingTime;
    const types::Timestamp earliest = due_.empty() ? types::kNoTimestamp : due_.begin()->first;
    if (earliest == armedFor_) return;
    clock.cancel(std::exchange(timer_, ProcessingTimeService::TimerId::kNone));
    armedFor_ = earliest;
    if (due_.empty()) return;
    timer_ = clock.registerTimer(earliest, [this](types::Timestamp) {
      timer_ = ProcessingTimeService::TimerId::kNone;
      armedFor_ = types::kNoTimestamp;
      this->countIn(0);
      flush();
    });
  }

  /// Waits inside the step until there may be something to work off.
  void park() {
    if (this->context().cancelled())
      throw OperatorFailure(Status(ErrorCode::kCancelled, "the task was cancelled"));
    std::int64_t limit = kCancelCheckMs;
    if (!due_.empty()) limit = std::clamp<std::int64_t>(due_.begin()->first - now(), 0, limit);
    emit();
    calls_->park(limit);
  }
  void emit() {
    output_.flush();
    this->countOut(output_.numRecords());
  }

  static constexpr std::int64_t kCancelCheckMs = 1000;

  F function_;
  AsyncSettings<Out> settings_;
  Output<Out> output_;
  std::shared_ptr<AsyncCalls> calls_;
  ListState<std::pair<types::Timestamp, In>> restored_;
  std::list<Entry> entries_;                   ///< in the order of arrival
  std::size_t numCalls_ = 0;                   ///< entries that are records
  std::map<std::uint64_t, Position> pending_;  ///< by attempt
  std::uint64_t lastCall_ = 0;
  DueTimes due_;
  std::vector<Position> arrived_;  ///< unordered: done, not put out
  std::uint64_t firstSegment_ = 0;
  std::uint64_t lastSegment_ = 0;
  std::vector<std::uint64_t> ended_;
  ProcessingTimeService::TimerId timer_ = ProcessingTimeService::TimerId::kNone;
  types::Timestamp armedFor_ = types::kNoTimestamp;
  bool finishing_ = false;
};

/// F: AsyncFunction or `void f(const In&, ResultFuture<Out>)`.
template <class In, class Out, class F>
requires CallableAsync<F, In, Out> FactoryPtr makeAsyncFactory(F function,
                                                               AsyncSettings<Out> settings) {
  return detail::makeFactory<AsyncOperator<In, Out, F>>(std::move(function), std::move(settings));
}

}  // namespace flink::operators
