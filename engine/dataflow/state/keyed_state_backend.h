#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/types/key_group.h"
#include "dataflow/state/snapshot.h"
#include "dataflow/state/state_column.h"
#include "dataflow/state/timer_queue.h"

namespace flink::metrics {
class MetricGroup;
}

namespace flink::state {

/// `state.latency-track.*`: how long accesses take, sampled.
struct LatencyTracking {
  bool enabled = false;
  int sampleInterval = 100;  ///< one of so many accesses
  int historySize = 128;
  bool stateNameAsVariable = true;
};

/// What one state or timer queue holds.
struct StateFigures {
  std::string name;
  std::int64_t numEntries = 0;
  std::int64_t numBytes = 0;  ///< tables, and what values own, from a sample
};

/// How a keyed backend is made.
struct KeyedBackendOptions {
  const KeyOps* key = nullptr;
  types::KeyGroupRange keyGroups{0, 127};
  std::uint32_t maxParallelism = 128;
  const Clock* clock = nullptr;  ///< processing time, for time to live; outlives the backend
  std::shared_ptr<metrics::MetricGroup> metrics;  ///< null: no metrics
  LatencyTracking latency;
};

/// The key that state and timers belong to at the moment.
struct CurrentKey {
  const void* key = nullptr;
  types::KeyHash hash = 0;
  std::uint64_t epoch = 1;  ///< counts changes of the key
};

/// Keeps the keyed state and the timers of one operator instance, for keys of one type.
/// Thread: the task's step. Lifetime: restoreBlock() for all blocks of a snapshot, then states and
/// timers are asked for (then they decode their blocks), then records. What is never asked for is
/// carried along into the next snapshots.
class KeyedStateBackend {
 public:
  virtual ~KeyedStateBackend() = default;
  KeyedStateBackend(const KeyedStateBackend&) = delete;
  KeyedStateBackend& operator=(const KeyedStateBackend&) = delete;

  /// State and timers are those of `key` from now on. `key` is an object of the backend's key type
  /// and stays as it is until the next call of this or clearCurrentKey(). `hash` is
  /// types::keyHash() of it.
  void setCurrentKey(const void* key, types::KeyHash hash) {
    current_.key = key;
    current_.hash = hash;
    ++current_.epoch;
  }
  void clearCurrentKey() {
    current_.key = nullptr;
    ++current_.epoch;
  }
  /// Null when there is none.
  [[nodiscard]] const void* currentKey() const { return current_.key; }
  /// Starts loading what state without namespaces keeps for a key of this hash.
  virtual void prefetch(types::KeyHash hash) const = 0;

  /// The column of a state, made and filled from restored blocks at the first call. Errors:
  /// kStateIncompatible when it was written, or asked for before, as another type; kCorruptData.
  virtual Result<StateColumn*> column(const StateSpec& spec) = 0;
  /// The same for a timer queue.
  virtual Result<TimerQueue*> timerQueue(const std::string& name) = 0;
  /// Calls visit(key) for every key that has something in `column` at `space`, with that key as
  /// the current one; in no defined order. It may change and clear state of the key. No key is
  /// current afterwards.
  virtual void applyToAllKeys(StateColumn& column, Namespace space,
                              const std::function<void(const void* key)>& visit) = 0;
  /// The same for every key and namespace that has something in `column`.
  virtual void applyToAllEntries(
      StateColumn& column, const std::function<void(const void* key, Namespace space)>& visit) = 0;

  /// Takes a block of the snapshot that the operator starts from: base first, then its deltas in
  /// order. Entries of other key groups are left out. Errors: kCorruptData, kStateIncompatible.
  virtual Status restoreBlock(const BlockInfo& info, ByteView content) = 0;

  /// Fixes what belongs to snapshot `id`: everything up to now. REQUIRES: no snapshot is being
  /// written (see continueSnapshot()).
  virtual SnapshotPlan beginSnapshot(SnapshotId id, SnapshotMode mode) = 0;
  [[nodiscard]] virtual bool isSnapshotPending() const = 0;
  /// Writes about `maxEntries` entries of the pending snapshot; true once it is complete. The
  /// state may be changed between calls. An error ends the snapshot like abortSnapshot().
  virtual Result<bool> continueSnapshot(SnapshotSink& sink, std::size_t maxEntries) = 0;
  /// The snapshot has been made durable: deltas build on it.
  virtual void confirmSnapshot(SnapshotId id) = 0;
  /// What the next delta would build on; none: the next snapshot is a base.
  [[nodiscard]] virtual std::optional<SnapshotId> confirmedSnapshot() const = 0;
  /// The snapshot will never be used; also when it is still being written. Its changes belong to
  /// the next delta.
  virtual void abortSnapshot(SnapshotId id) = 0;

  [[nodiscard]] virtual std::vector<StateFigures> figures() const = 0;
  /// Brings the gauges `<state>.numEntries` and `<state>.numBytes` up to date.
  virtual void publishFigures() = 0;
  /// Once per record, for states whose cleanup wants it (cleanupIncrementally(n, true)).
  virtual void cleanupAfterRecord() = 0;

  [[nodiscard]] const KeyOps& keyOps() const { return *options_.key; }
  [[nodiscard]] types::KeyGroupRange keyGroups() const { return options_.keyGroups; }
  [[nodiscard]] std::uint32_t maxParallelism() const { return options_.maxParallelism; }

 protected:
  explicit KeyedStateBackend(KeyedBackendOptions options) : options_(std::move(options)) {}
  [[nodiscard]] const KeyedBackendOptions& options() const { return options_; }
  [[nodiscard]] const CurrentKey& current() const { return current_; }

 private:
  KeyedBackendOptions options_;
  CurrentKey current_;
};

/// The `hashmap` backend: everything in flat tables in memory.
[[nodiscard]] std::unique_ptr<KeyedStateBackend> makeHashMapStateBackend(
    KeyedBackendOptions options);

}  // namespace flink::state
