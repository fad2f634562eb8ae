#include "dataflow/checkpoint/shared_files.h"

#include <algorithm>

namespace flink::checkpoint {

void SharedFiles::use(CheckpointId id, const std::vector<StateFile>& files) {
  for (const StateFile& file : files) {
    if (file.scope != FileScope::kShared || file.path.empty()) continue;
    Entry& entry = files_[file.id];
    entry.path = file.path;
    entry.users.insert(id);
  }
}

void SharedFiles::completed(CheckpointId id) {
  for (auto& [file, entry] : files_) {
    if (entry.users.contains(id)) entry.lastCompleted = std::max(entry.lastCompleted, id);
  }
}

void SharedFiles::release(CheckpointId id) {
  for (auto& [file, entry] : files_) entry.users.erase(id);
}

void SharedFiles::buildsOn(CheckpointId id) {
  oldestBase_ = std::max(oldestBase_.value_or(0), id);
}

void SharedFiles::buildsOnNothing() {
  oldestBase_.reset();
}

std::vector<std::string> SharedFiles::takeUnused() {
  std::vector<std::string> paths;
  for (auto it = files_.begin(); it != files_.end();) {
    const Entry& entry = it->second;
    const bool reachable = oldestBase_.has_value() && entry.lastCompleted >= *oldestBase_;
    if (!entry.users.empty() || reachable) {
      ++it;
      continue;
    }
    paths.push_back(entry.path);
    it = files_.erase(it);
  }
  return paths;
}

bool SharedFiles::isUsed(const StateFileId& id) const {
  return files_.contains(id);
}

}  // namespace flink::checkpoint
