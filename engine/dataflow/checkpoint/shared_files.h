#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dataflow/checkpoint/snapshot.h"

namespace flink::checkpoint {

/// Decides when a shared state file may be deleted: when no checkpoint uses it and no task can
/// build on it any more. Thread: one owner.
class SharedFiles {
 public:
  /// Checkpoint `id` uses the shared ones of these files.
  void use(CheckpointId id, const std::vector<StateFile>& files);
  /// Checkpoint `id` is completed: tasks may build on its files even after it is gone, until they
  /// build on a newer one.
  void completed(CheckpointId id);
  /// Checkpoint `id` is gone: failed, subsumed or discarded. Its files stay until takeUnused().
  void release(CheckpointId id);
  /// No later snapshot of any task builds on a checkpoint older than `id`.
  void buildsOn(CheckpointId id);
  /// All tasks are gone: nothing builds on what is not used.
  void buildsOnNothing();

  /// Paths of the files that nobody needs any more, each once.
  [[nodiscard]] std::vector<std::string> takeUnused();
  [[nodiscard]] bool isUsed(const StateFileId& id) const;
  [[nodiscard]] std::size_t size() const { return files_.size(); }

 private:
  struct Entry {
    std::string path;
    std::set<CheckpointId> users;
    CheckpointId lastCompleted = -1;  // the newest completed checkpoint that used it
  };
  std::map<StateFileId, Entry> files_;
  std::optional<CheckpointId> oldestBase_ = 0;  // absent: nothing is built on
};

}  // namespace flink::checkpoint
