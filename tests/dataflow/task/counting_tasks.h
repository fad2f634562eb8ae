#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "checkpoint_fixture.h"

namespace flink::task {

/// A source (1) that counts on from its position, and a chained or separate operator (2) with a sum
/// for each number modulo kKeys.
class CountingTasks : public CheckpointFixture {
 protected:
  static constexpr Number kKeys = 7;

  CountingTasks() {
    Script& source = program_.script(1);
    source.open = [this](operators::OperatorContext& context) {
      position_ =
          *context.state.operatorState->getListState(ListStateDescriptor<Number>("position"));
      next_ = 0;
      for (const Number n : position_->get()) next_ = n;
      wake_ = context.wake;
    };
    source.poll = [this](std::size_t, const Script::Emit& emit) {
      if (next_ >= limit_)
        return ends_ ? operators::SourceOperatorBase::Poll::kEnd
                     : operators::SourceOperatorBase::Poll::kNothingNow;
      emit(next_++);
      return operators::SourceOperatorBase::Poll::kMore;
    };
    source.snapshot = [this](const state::SnapshotContext&, const Script::Emit&) {
      position_->clear();
      position_->add(next_);
    };
    Script& sums = program_.script(2);
    sums.keyed = true;
    sums.open = [this](operators::OperatorContext& context) {
      backend_ = context.state.keyedState;
      sum_ = *state::makeState(*backend_, ValueStateDescriptor<Number>("sum"));
    };
    sums.map = [this](Number n, const Script::Emit& emit) {
      const Number key = n % numKeys_;
      backend_->setCurrentKey(&key, types::keyHash(key));
      sum_->update(sum_->value().value_or(0) + n);
      emit(*sum_->value());
      added_.add(n);
      backend_->clearCurrentKey();
    };
    sums.endInput = [this](int) { happened_.add("end of input"); };
    sums.notify = [this](state::SnapshotId id, bool complete) {
      happened_.add((complete ? "complete " : "aborted ") + std::to_string(id));
    };
  }
  TaskSpec sourceSpec() {
    TaskSpec result = spec({node(1)});
    addOutput(result, 1, 2);
    return result;
  }
  TaskSpec sumsSpec() {
    TaskSpec result = spec({node(2)});
    addInput(result, 1, 2);
    addOutput(result, 2, 3);
    return result;
  }
  Task& run(TaskSpec taskSpec) {
    Task& task = make(std::move(taskSpec));
    task.start();
    listener_.waitFor(task, TaskState::kRunning);
    return task;
  }
  void cancel(Task& task) {
    task.cancel();
    listener_.waitForEnd(task);
  }
  /// The sums in a snapshot.
  std::map<Number, Number> sumsIn(checkpoint::CheckpointId id,
                                  const checkpoint::TaskSnapshot& snapshot) {
    TaskSpec again = spec({node(2)});
    addInput(again, 8, 2);
    again.checkpointing.restore = restoreOf(id, snapshot);
    std::map<Number, Number> found;
    Script& script = program_.script(2);
    const auto open = script.open;
    script.open = [&](operators::OperatorContext& context) {
      auto& keyed = *context.state.keyedState;
      auto sum = *state::makeState(keyed, ValueStateDescriptor<Number>("sum"));
      for (Number key = 0; key < numKeys_; ++key) {
        keyed.setCurrentKey(&key, types::keyHash(key));
        if (const auto value = sum.value()) found[key] = *value;
      }
      keyed.clearCurrentKey();
    };
    Task& task = run(std::move(again));
    cancel(task);
    script.open = open;
    return found;
  }
  std::map<Number, Number> sumsUpTo(Number end) const {
    std::map<Number, Number> sums;
    for (Number n = 0; n < end; ++n) sums[n % numKeys_] += n;
    return sums;
  }
  /// The output that nobody reads would fill up.
  void emitNothing() {
    program_.script(2).map = [map = program_.script(2).map](Number n, const Script::Emit&) {
      map(n, [](Number) {});
    };
  }
  void complete(checkpoint::CheckpointId id) {
    for (const auto& task : tasks_) task->notifyCheckpointComplete(id);
  }

  std::optional<ListState<Number>> position_;
  state::KeyedStateBackend* backend_ = nullptr;
  std::optional<ValueState<Number>> sum_;
  std::function<void()> wake_;
  std::atomic<Number> limit_{100};
  std::atomic<bool> ends_{false};
  Number next_ = 0;
  Number numKeys_ = kKeys;
  SharedList<Number> added_;
  SharedList<std::string> happened_;
};

}  // namespace flink::task
