#pragma once

#include <utility>
#include <vector>

#include "dataflow/state/keyed_state.h"

namespace flink {

/// Broadcast state as the side sees it that may not change it.
template <class K, class V>
class ReadOnlyBroadcastState : public state::StateHandle {
 public:
  using StateHandle::StateHandle;
  void clear() = delete;
  [[nodiscard]] std::optional<V> get(const K& key) const {
    return state::MapAccess<K, V>::get(column(), key);
  }
  /// The value in place, or null.
  [[nodiscard]] const V* peek(const K& key) const {
    return state::MapAccess<K, V>::peek(column(), key);
  }
  [[nodiscard]] bool contains(const K& key) const {
    return state::MapAccess<K, V>::contains(column(), key);
  }
  /// Copies of all entries.
  [[nodiscard]] std::vector<std::pair<K, V>> immutableEntries() const {
    std::vector<std::pair<K, V>> copies;
    for (const auto& entry : MapEntries<K, V>(column())) {
      copies.emplace_back(entry.getKey(), entry.getValue());
    }
    return copies;
  }
};

/// A map that every subtask of an operator keeps alike, because each gets every broadcast record.
template <class K, class V>
class BroadcastState : public MapState<K, V> {
 public:
  using MapState<K, V>::MapState;
  [[nodiscard]] std::vector<std::pair<K, V>> immutableEntries() const {
    return readOnly().immutableEntries();
  }
  [[nodiscard]] ReadOnlyBroadcastState<K, V> readOnly() const {
    return ReadOnlyBroadcastState<K, V>(this->column());
  }
};

}  // namespace flink
