#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataflow/operators/operator.h"
#include "dataflow/operators/source_events.h"

namespace flink::operators {

/// A reader's half of the agreement on what belongs to a checkpoint. Before its snapshot a reader
/// asks the coordinator for its one; the coordinator's answer comes in line with the splits that it
/// deals out: those before it belong to the reader's snapshot, those behind it wait until that is
/// taken, because the coordinator's snapshot has them as not dealt out.
/// Thread: the task's step.
class SourceReaderAgreement {
 public:
  SourceReaderAgreement();
  ~SourceReaderAgreement();
  /// Finds restored splits and registers with the coordinator.
  void open(OperatorContext& context);
  /// Serialized, in the order in which the reader gave them.
  [[nodiscard]] std::vector<std::string> restoredSplits() const;

  /// A message of the coordinator; then next() gives those that are to be treated now.
  void receive(std::string_view payload);
  [[nodiscard]] std::optional<std::string> next();

  /// True once everything came in that belongs to snapshot `id`.
  bool prepare(state::SnapshotId id);
  /// What the reader has left to read, as part of snapshot `id`.
  void store(state::SnapshotId id, const std::vector<std::string>& splits);
  /// The coordinator's own snapshot, when it chose this reader to store it.
  [[nodiscard]] std::optional<std::string> takeCoordinatorSnapshot();
  void completed(state::SnapshotId id);
  void aborted(state::SnapshotId id);

 private:
  struct Splits;
  OperatorContext* context_ = nullptr;
  std::unique_ptr<Splits> splits_;
  std::optional<std::string> coordinatorSnapshot_;
  bool registered_ = false;
  state::SnapshotId requested_ = 0;
  state::SnapshotId completed_ = 0;
};

/// How many records a source without splits has emitted, as part of its snapshots.
/// Thread: the task's step.
class SourcePosition {
 public:
  SourcePosition();
  ~SourcePosition();
  /// Finds the restored position.
  void open(const state::StateInitContext& context);
  [[nodiscard]] std::int64_t get() const { return position_; }
  void advance(std::int64_t records) { position_ += records; }
  void store();

 private:
  struct Stored;
  std::unique_ptr<Stored> stored_;
  std::int64_t position_ = 0;
};

/// A coordinator's half: which snapshots it took, and which splits a restart of single readers
/// gives back. Thread: the coordinator's step.
class SourceCoordinatorAgreement {
 public:
  /// What a reader asks for when its snapshot is due.
  struct Request {
    state::SnapshotId snapshot = 0;
    state::SnapshotId completed = 0;  ///< the newest one that the reader knows to be complete
  };
  [[nodiscard]] static Request decodeRequest(std::string_view body);
  /// The checkpoint that a reader which registers was restored from; 0: none.
  [[nodiscard]] static state::SnapshotId decodeRegistration(std::string_view body);
  /// The answer to a reader: `state` only for the one that stores it.
  [[nodiscard]] static std::string answer(state::SnapshotId id,
                                          const std::optional<std::string>& state);

  /// What is stored, of what the enumerator gave; and back.
  [[nodiscard]] std::string snapshotOf(std::string enumerator) const;
  [[nodiscard]] std::string restore(std::string_view snapshot);

  /// True when the snapshot is to be taken now; false when it was.
  bool begin(const Request& request);
  void assigned(int subtask, std::string split);
  /// What `subtask` was given after checkpoint `restored`; messages on their way to it are void.
  std::vector<std::string> takeBack(int subtask, state::SnapshotId restored);

 private:
  struct Assignment {
    state::SnapshotId after = 0;  ///< the latest snapshot that does not have it
    int subtask = 0;
    std::string split;
  };
  std::vector<Assignment> assignments_;
  state::SnapshotId latest_ = 0;
};

}  // namespace flink::operators
