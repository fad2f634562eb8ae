#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataflow/state/hash_map_column.h"
#include "dataflow/state/heap_timer_queue.h"
#include "dataflow/state/keyed_state_backend.h"
#include "dataflow/state/latency_column.h"
#include "dataflow/state/namespace_major_column.h"

namespace flink::state {

/// The `hashmap` backend. Thread: one.
class HashMapStateBackend final : public KeyedStateBackend {
 public:
  explicit HashMapStateBackend(KeyedBackendOptions options);

  void prefetch(types::KeyHash hash) const override {
    for (const StateColumn* column : prefetched_) column->prefetch(hash);
  }
  Result<StateColumn*> column(const StateSpec& spec) override;
  Result<TimerQueue*> timerQueue(const std::string& name) override;
  void applyToAllKeys(StateColumn& column, Namespace space,
                      const std::function<void(const void* key)>& visit) override;
  void applyToAllEntries(
      StateColumn& column,
      const std::function<void(const void* key, Namespace space)>& visit) override;
  Status restoreBlock(const BlockInfo& info, ByteView content) override;
  SnapshotPlan beginSnapshot(SnapshotId id, SnapshotMode mode) override;
  [[nodiscard]] bool isSnapshotPending() const override { return pending_.has_value(); }
  Result<bool> continueSnapshot(SnapshotSink& sink, std::size_t maxEntries) override;
  void confirmSnapshot(SnapshotId id) override;
  [[nodiscard]] std::optional<SnapshotId> confirmedSnapshot() const override { return confirmed_; }
  void abortSnapshot(SnapshotId id) override;
  [[nodiscard]] std::vector<StateFigures> figures() const override;
  void publishFigures() override;
  void cleanupAfterRecord() override;

 private:
  /// Of one namespace or, without one, of all.
  void applyToEntries(StateColumn& column, std::optional<Namespace> only,
                      const std::function<void(const void* key, Namespace space)>& visit);
  /// Restored blocks of a state that nobody has asked for.
  using Blocks = std::vector<std::pair<BlockInfo, std::string>>;
  /// Whether it is timers, and the name.
  using PartName = std::pair<bool, std::string>;
  struct Column {
    StateLayout layout;
    std::unique_ptr<HashMapColumn> flat;  ///< one of the two
    std::unique_ptr<NamespaceMajorColumn> namespaceMajor;
    std::unique_ptr<LatencyColumn> measured;  ///< null unless accesses are measured
    [[nodiscard]] SnapshotPart& part() const;
    [[nodiscard]] StateColumn& values() const;
    [[nodiscard]] StateColumn* handle() const {
      return measured != nullptr ? measured.get() : &values();
    }
  };
  struct Snapshot {
    SnapshotId id = 0;
    SnapshotMode mode = SnapshotMode::kBase;
    std::uint64_t numBytes = 0;
  };
  struct Gauges {
    std::atomic<std::int64_t> numEntries{0};
    std::atomic<std::int64_t> numBytes{0};
  };

  [[nodiscard]] BlockHeader headerOf(const std::string& name, StateKind kind, bool timers) const;
  static Status checkAsked(const Column& had, const StateSpec& spec, const BlockHeader& wanted);
  Column makeColumn(const StateSpec& spec, BlockHeader header) const;
  Status adopt(SnapshotPart& part, bool timers);
  Status checkTypes(const BlockReader& block, const BlockHeader& wanted) const;
  Result<bool> writeCarried(SnapshotSink& sink, std::size_t& budget);
  Result<bool> writeParts(SnapshotSink& sink, std::size_t& budget);

  std::string keyType_;
  std::map<std::string, Column> columns_;
  std::map<std::string, std::unique_ptr<HeapTimerQueue>> queues_;
  std::vector<SnapshotPart*> parts_;  ///< in the order in which they were asked for
  std::vector<const StateColumn*> prefetched_;
  std::vector<HashMapColumn*> cleanedPerRecord_;
  std::map<PartName, std::shared_ptr<Blocks>> restored_;
  std::map<std::string, std::shared_ptr<Gauges>> gauges_;

  bool tracking_ = false;
  std::optional<Snapshot> pending_;
  std::optional<Snapshot> latest_;  ///< begun last, not kComplete, neither confirmed nor aborted
  std::optional<SnapshotId> confirmed_;
  std::uint64_t baseBytes_ = 0;   ///< of the confirmed base
  std::uint64_t deltaBytes_ = 0;  ///< of the confirmed deltas on it
  std::size_t numPendingParts_ = 0;
  std::size_t nextPart_ = 0;
  std::vector<std::shared_ptr<const Blocks>> carried_;  ///< to be written as they are
  std::size_t nextCarried_ = 0;
  std::size_t nextBlock_ = 0;
};

}  // namespace flink::state
