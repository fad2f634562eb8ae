#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "dataflow/state/operator_state_backend.h"
#include "tests/dataflow/operators/operator_script.h"

namespace flink::operators {

/// What one snapshot has of an operator.
struct OperatorBlocks {
  state::SnapshotId id = 0;
  std::vector<std::pair<state::BlockInfo, std::string>> blocks;
};

/// Attempts of one sink, each going on from a snapshot of an earlier one; an attempt ends as after
/// kill -9: nothing of it is called any more, but its objects' destruction.
class SinkAttempts {
 public:
  ~SinkAttempts() { crash(); }

  void start(const OperatorFactory& factory, const std::optional<OperatorBlocks>& from = {},
             bool checkpointed = true) {
    crash();
    state_ = std::make_unique<state::OperatorStateBackend>();
    harness_ = std::make_unique<OperatorHarness>();
    OperatorContext& context = harness_->context;
    context.state.operatorState = state_.get();
    context.processingTime = &time_;
    if (clock != nullptr) context.clock = clock;
    context.checkpointed = checkpointed;
    context.attemptNumber = ++attempt_;
    if (from) {
      context.state.restoredCheckpointId = from->id;
      for (const auto& [info, content] : from->blocks)
        throwIfError(state_->restoreBlock(info, asBytes(content)));
    }
    harness_->open(factory, {});
  }
  template <class T>
  void write(std::vector<T> records) {
    harness_->process(std::move(records));
  }
  OperatorBlocks snapshot(state::SnapshotId id) {
    harness_->op->flush();
    harness_->op->snapshotState({id, 0, nullptr, state_.get()});
    Blocks sink;
    throwIfError(state_->snapshot(sink));
    return {id, std::move(sink.blocks)};
  }
  void complete(state::SnapshotId id) { harness_->op->notifyCheckpointComplete(id); }
  void finish() { harness_->finish(); }
  void close() { harness_->close(); }
  void crash() {
    if (harness_ == nullptr) return;
    harness_->op.reset();
    harness_.reset();
    state_.reset();
  }
  [[nodiscard]] ManualProcessingTime& time() { return time_; }

  const Clock* clock = nullptr;  ///< null: the system's

 private:
  struct Blocks final : state::SnapshotSink {
    Status writeBlock(const state::BlockInfo& info, ByteView content) override {
      blocks.emplace_back(info, std::string(asText(content)));
      return Status::ok();
    }
    std::vector<std::pair<state::BlockInfo, std::string>> blocks;
  };

  ManualProcessingTime time_;
  std::unique_ptr<state::OperatorStateBackend> state_;
  std::unique_ptr<OperatorHarness> harness_;
  int attempt_ = -1;
};

}  // namespace flink::operators
