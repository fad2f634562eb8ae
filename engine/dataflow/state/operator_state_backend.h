#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "dataflow/state/broadcast_state.h"
#include "dataflow/state/element_ops.h"
#include "dataflow/state/keyed_state.h"
#include "dataflow/state/snapshot.h"

namespace flink::state {

/// Keeps what an operator instance remembers beside keys: lists that a restore deals out among
/// subtasks, lists that every subtask gets whole, and broadcast maps. Everything is written with
/// every snapshot. Thread: the task's step. Lifetime as KeyedStateBackend: blocks first, then
/// states; what is never asked for is carried along.
class OperatorStateBackend {
 public:
  OperatorStateBackend();
  ~OperatorStateBackend();
  OperatorStateBackend(const OperatorStateBackend&) = delete;
  OperatorStateBackend& operator=(const OperatorStateBackend&) = delete;

  // The handle for a descriptor; always the same state for one name. Errors: kStateIncompatible
  // when it was written, or asked for before, as another type or kind; kCorruptData.

  template <class T>
  Result<ListState<T>> getListState(const ListStateDescriptor<T>& descriptor) {
    return listState(descriptor, BlockKind::kOperatorList);
  }
  template <class T>
  Result<ListState<T>> getUnionListState(const ListStateDescriptor<T>& descriptor) {
    return listState(descriptor, BlockKind::kOperatorUnion);
  }
  template <class K, class V>
  Result<BroadcastState<K, V>> getBroadcastState(const MapStateDescriptor<K, V>& descriptor) {
    FLINK_ASSIGN_OR_RETURN(StateColumn * column,
                           cell(descriptor.getName(), BlockKind::kBroadcast,
                                elementOps<MapElements<K, V>>(), descriptor.getTtlConfig()));
    return BroadcastState<K, V>(*column);
  }

  /// Takes a block of the snapshot that the operator starts from; several blocks of a state follow
  /// one another. Errors: kCorruptData.
  Status restoreBlock(const BlockInfo& info, ByteView content);
  /// Writes everything.
  Status snapshot(SnapshotSink& sink) const;

 private:
  struct Cell;
  struct Restored;

  template <class T>
  Result<ListState<T>> listState(const ListStateDescriptor<T>& descriptor, BlockKind kind) {
    FLINK_ASSIGN_OR_RETURN(
        StateColumn * column,
        cell(descriptor.getName(), kind, elementOps<ListElements<T>>(), descriptor.getTtlConfig()));
    return ListState<T>(*column);
  }
  Result<StateColumn*> cell(const std::string& name, BlockKind kind, const ElementOps& ops,
                            const StateTtlConfig& ttl);

  std::map<std::string, std::unique_ptr<Cell>> cells_;
  std::map<std::string, std::unique_ptr<Restored>> restored_;  ///< not asked for yet
};

}  // namespace flink::state
