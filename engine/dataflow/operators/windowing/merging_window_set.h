#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "dataflow/operators/windowing/windows.h"

namespace flink::operators {

/// A live window of a merging assigner and the window under whose name its contents are kept: they
/// stay where they are while the window itself grows.
template <class W>
struct MergingEntry {
  W window{};
  W stateWindow{};
};

/// Keeps track of one key's windows while they merge. Works on entries that live in the key's
/// state.
template <class W, class Assigner>
class MergingWindowSet {
 public:
  using Entries = std::vector<MergingEntry<W>>;
  MergingWindowSet(const Assigner& assigner, Entries& entries)
      : assigner_(assigner), entries_(entries) {}

  /// The state window of a live window, or null.
  [[nodiscard]] const W* getStateWindow(const W& window) const {
    const auto found = find(window);
    return found == entries_.end() ? nullptr : &found->stateWindow;
  }

  /// Forgets a window. REQUIRES: it is live.
  void retireWindow(const W& window) { entries_.erase(find(window)); }

  /// Adds a window, merging what now belongs together, and returns the live window that it is part
  /// of. `merge(result, merged windows, state window of the result, other state windows)` is called
  /// for every merge that touches a window that was live before; the state window is that of the
  /// first of them.
  template <class Merge>
  W addWindow(const W& window, Merge&& merge) {
    if (find(window) != entries_.end()) return window;
    std::vector<W> windows;
    windows.reserve(entries_.size() + 1);
    for (const auto& entry : entries_) windows.push_back(entry.window);
    windows.push_back(window);

    W result = window;
    bool isPartOfMerge = false;
    for (auto& group : assigner_.mergeWindows(windows)) {
      if (std::erase(group.merged, window) > 0) {
        isPartOfMerge = true;
        result = group.result;
      }
      mergeGroup(group, merge);
    }
    if (!isPartOfMerge) entries_.push_back({window, window});
    return result;
  }

 private:
  [[nodiscard]] auto find(const W& window) const {
    return std::find_if(entries_.begin(), entries_.end(),
                        [&](const auto& entry) { return entry.window == window; });
  }
  [[nodiscard]] auto find(const W& window) {
    return std::find_if(entries_.begin(), entries_.end(),
                        [&](const auto& entry) { return entry.window == window; });
  }

  template <class Merge>
  void mergeGroup(const MergedWindows<W>& group, Merge& merge) {
    std::vector<W> stateWindows;
    for (const W& merged : group.merged) {
      const auto found = find(merged);
      stateWindows.push_back(found->stateWindow);
      entries_.erase(found);
    }
    const W stateWindow = stateWindows.front();
    stateWindows.erase(stateWindows.begin());
    entries_.push_back({group.result, stateWindow});
    // A window that took in nothing but the new one, which has no state yet, stays as it is.
    if (group.merged.size() == 1 && group.merged.front() == group.result) return;
    merge(group.result, group.merged, stateWindow, stateWindows);
  }

  const Assigner& assigner_;
  Entries& entries_;
};

}  // namespace flink::operators
