#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "dataflow/state/state_column.h"
#include "dataflow/state/value_forms.h"

namespace flink::state {

[[noreturn]] void throwCannotMerge(const std::string& stateName);

/// Moves what is at namespace `source` of the current key to `target`, by merge(into, from) where
/// both have something. `Stored` is what the column keeps. The column's namespace is `target`
/// afterwards.
template <class Stored, class Merge>
void mergeNamespaces(StateColumn& column, Namespace target, Namespace source, Merge&& merge) {
  column.setCurrentNamespace(source);
  auto* from = static_cast<Stored*>(column.findForUpdate());
  if (from == nullptr) {
    column.setCurrentNamespace(target);
    return;
  }
  Stored moved = std::move(*from);
  column.erase();
  column.setCurrentNamespace(target);
  bool created = false;
  auto* into = static_cast<Stored*>(column.findOrCreate(created));
  if (created) {
    *into = std::move(moved);
  } else {
    merge(*into, moved);
  }
}

/// mergeNamespaces() for a single value per namespace: merge(T& into, T& from). The merged value
/// lives as long as the younger one.
template <class T, class Merge>
void mergeValues(StateColumn& column, Namespace target, Namespace source, Merge&& merge) {
  if (column.ttl() == nullptr) {
    mergeNamespaces<T>(column, target, source, merge);
  } else {
    mergeNamespaces<TtlValue<T>>(column, target, source, [&](TtlValue<T>& into, TtlValue<T>& from) {
      merge(into.value, from.value);
      into.lastAccessMs = std::max(into.lastAccessMs, from.lastAccessMs);
    });
  }
}

}  // namespace flink::state
