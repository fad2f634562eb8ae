#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "dataflow/state/keyed_state_backend.h"
#include "dataflow/state/snapshot_part.h"
#include "dataflow/state/state_table.h"

namespace flink::state {

/// A timer queue of the hashmap backend: a table finds timers by key, namespace and time and takes
/// part in snapshots, a heap of four children per node orders them. Thread: one.
class HeapTimerQueue final : public TimerQueue, public SnapshotPart {
 public:
  HeapTimerQueue(const std::string& name, BlockHeader header, const KeyedBackendOptions& options,
                 const CurrentKey& current);
  ~HeapTimerQueue() override;

  bool registerTimer(Namespace space, std::int64_t time) override;
  bool deleteTimer(Namespace space, std::int64_t time) override;
  const DueTimer* poll(std::int64_t upTo) override;
  [[nodiscard]] std::size_t size() const override { return heap_.size(); }
  [[nodiscard]] std::int64_t peekTime() const override { return heap_.front().time; }

  void startTracking() override { table_.startTracking(); }
  void beginSnapshot(SnapshotMode mode) override { table_.beginSnapshot(mode); }
  Result<bool> continueSnapshot(SnapshotSink& sink, std::size_t& budget) override {
    return table_.continueSnapshot(sink, budget, std::nullopt);
  }
  void stopSnapshot() override { table_.stopSnapshot(); }
  void confirmSnapshot() override { table_.confirmSnapshot(); }
  Status restore(BlockReader& block, EntryDecoder& entry) override;
  void finishRestore() override { table_.markAllKnown(); }
  [[nodiscard]] StateFigures figures() const override;
  [[nodiscard]] const BlockHeader& header() const override { return header_; }

  /// What the table keeps of a timer. Only the sequence is written.
  struct Link {
    std::uint64_t sequence = 0;  ///< counts registrations
    void* node = nullptr;
  };

 private:
  /// A timer at an address that does not change; its key follows behind.
  struct Node {
    std::size_t place;  ///< in heap_
    types::KeyHash hash;
    Namespace space;
  };
  struct HeapEntry {
    std::int64_t time;
    std::uint64_t sequence;
    Node* node;
    [[nodiscard]] bool before(const HeapEntry& other) const {
      return time != other.time ? time < other.time : sequence < other.sequence;
    }
  };

  [[nodiscard]] void* keyOf(Node* node) const {
    return reinterpret_cast<std::byte*>(node) + keyOffset_;
  }
  Node* makeNode(const void* key, types::KeyHash hash, Namespace space);
  void freeNode(Node* node);
  void push(StateTable::Position at);
  void removeFromHeap(std::size_t place);
  void place(std::size_t at, HeapEntry entry) {
    heap_[at] = entry;
    entry.node->place = at;
  }
  void siftUp(std::size_t at, HeapEntry entry);
  void siftDown(std::size_t at, HeapEntry entry);

  const KeyedBackendOptions& options_;
  const CurrentKey& current_;
  BlockHeader header_;
  StateTable table_;
  std::size_t keyOffset_;
  std::size_t nodeBytes_;
  std::size_t nodeAlign_;
  std::vector<HeapEntry> heap_;
  std::uint64_t nextSequence_ = 1;
  Node* polled_ = nullptr;  ///< what due_ points into
  DueTimer due_;
};

}  // namespace flink::state
