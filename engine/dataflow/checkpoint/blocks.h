#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "dataflow/checkpoint/snapshot.h"

namespace flink::checkpoint {

/// True for blocks that are dealt out by key group.
[[nodiscard]] constexpr bool isKeyed(state::BlockKind kind) {
  return kind == state::BlockKind::kKeyedBase || kind == state::BlockKind::kKeyedDelta ||
         kind == state::BlockKind::kTimers || kind == state::BlockKind::kTimersDelta;
}

/// Collects state files, each once, and moves blocks from other lists of files to this one.
class FileTable {
 public:
  /// Its position.
  std::uint32_t add(const StateFile& file);
  /// Appends `blocks`, which refer to `files`, to `to`, which refers to this table.
  void addBlocks(Blocks& to, const Blocks& blocks, const std::vector<StateFile>& files);
  [[nodiscard]] const std::vector<StateFile>& files() const { return files_; }
  [[nodiscard]] std::vector<StateFile> take() && { return std::move(files_); }

 private:
  std::vector<StateFile> files_;
  std::map<StateFileId, std::uint32_t> positions_;
};

}  // namespace flink::checkpoint
