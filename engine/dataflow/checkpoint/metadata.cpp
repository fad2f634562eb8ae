#include "dataflow/checkpoint/metadata.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/base/check.h"
#include "core/base/error_codes.h"
#include "core/types/key_group.h"
#include "dataflow/checkpoint/blocks.h"

namespace flink::checkpoint {
namespace {

constexpr std::uint32_t kMaxMaxParallelism = 32768;

Status broken(std::string text) {
  return {ErrorCode::kCorruptData, std::move(text)};
}

Status checkFiles(const std::vector<StateFile>& files) {
  std::set<StateFileId> ids;
  for (const StateFile& file : files) {
    if (file.scope > FileScope::kShared)
      return broken("unknown scope of state file " + file.id.toHex());
    if (!ids.insert(file.id).second)
      return broken("state file is listed twice: " + file.id.toHex());
    if (file.path.empty() ? file.inlined.size() != file.size : !file.inlined.empty())
      return broken("state file is neither a file nor inlined: " + file.id.toHex());
  }
  return Status::ok();
}

Status checkBlock(const BlockRef& block, const std::vector<StateFile>& files,
                  std::uint32_t maxParallelism) {
  const auto kind = static_cast<std::uint8_t>(block.kind);
  if (kind < static_cast<std::uint8_t>(state::BlockKind::kKeyedBase) ||
      kind > static_cast<std::uint8_t>(state::BlockKind::kRaw))
    return broken(fmt::format("unknown kind of block {} of state '{}'", kind, block.stateName));
  if (block.file >= files.size())
    return broken(fmt::format("block of state '{}' is in file {} of {}", block.stateName,
                              block.file, files.size()));
  const std::uint64_t size = files[block.file].size;
  if (block.offset > size || block.length > size - block.offset)
    return broken(fmt::format("block of state '{}' lies outside of its file", block.stateName));
  if (isKeyed(block.kind) &&
      (block.firstKeyGroup > block.lastKeyGroup || block.lastKeyGroup >= maxParallelism))
    return broken(fmt::format("block of state '{}' has key groups {}-{} of {}", block.stateName,
                              block.firstKeyGroup, block.lastKeyGroup, maxParallelism));
  return Status::ok();
}

Status checkBlocks(const Blocks& blocks, const std::vector<StateFile>& files,
                   std::uint32_t maxParallelism) {
  for (const BlockRef& block : blocks)
    FLINK_RETURN_IF_ERROR(checkBlock(block, files, maxParallelism));
  return Status::ok();
}

Status checkOperator(const OperatorState& op, const std::vector<StateFile>& files) {
  const std::string id = op.id.toHex();
  if (op.maxParallelism > kMaxMaxParallelism || op.parallelism == 0 ||
      op.parallelism > op.maxParallelism)
    return broken(fmt::format("operator {} has parallelism {} of at most {}", id, op.parallelism,
                              op.maxParallelism));
  if (!op.subtasks.empty() && op.subtasks.rbegin()->first >= op.parallelism)
    return broken(fmt::format("operator {} has no subtask {}", id, op.subtasks.rbegin()->first));
  for (const auto& [index, subtask] : op.subtasks)
    FLINK_RETURN_IF_ERROR(checkBlocks(subtask.blocks, files, op.maxParallelism));
  return checkBlocks(op.coordinatorBlocks, files, op.maxParallelism);
}

}  // namespace

bool OperatorState::fullyFinished() const {
  return subtasks.size() == parallelism &&
         std::all_of(subtasks.begin(), subtasks.end(),
                     [](const auto& entry) { return entry.second.finished; });
}

Status checkConsistency(const CheckpointMetadata& metadata) {
  if (metadata.kind > SnapshotKind::kTerminateSavepoint) return broken("unknown kind of snapshot");
  FLINK_RETURN_IF_ERROR(checkFiles(metadata.files));
  std::set<OperatorId> ids;
  for (const OperatorState& op : metadata.operators) {
    if (!ids.insert(op.id).second) return broken("operator is listed twice: " + op.id.toHex());
    FLINK_RETURN_IF_ERROR(checkOperator(op, metadata.files));
  }
  return Status::ok();
}

Status checkConsistency(const TaskSnapshot& snapshot) {
  FLINK_RETURN_IF_ERROR(checkFiles(snapshot.files));
  for (const OperatorSnapshot& op : snapshot.operators) {
    FLINK_RETURN_IF_ERROR(checkBlocks(op.blocks, snapshot.files, kMaxMaxParallelism));
    FLINK_RETURN_IF_ERROR(checkBlocks(op.coordinatorBlocks, snapshot.files, kMaxMaxParallelism));
  }
  return Status::ok();
}

std::uint32_t FileTable::add(const StateFile& file) {
  const auto [it, isNew] =
      positions_.try_emplace(file.id, static_cast<std::uint32_t>(files_.size()));
  if (isNew) files_.push_back(file);
  return it->second;
}

void FileTable::addBlocks(Blocks& to, const Blocks& blocks, const std::vector<StateFile>& files) {
  to.reserve(to.size() + blocks.size());
  for (const BlockRef& block : blocks) {
    to.push_back(block);
    to.back().file = add(files[block.file]);
  }
}

void MetadataBuilder::addOperator(OperatorState state) {
  operators_.emplace(state.id, metadata_.operators.size());
  metadata_.operators.push_back(std::move(state));
}

OperatorState& MetadataBuilder::operatorOf(const OperatorId& id) {
  const auto it = operators_.find(id);
  FLINK_CHECK(it != operators_.end(), "a snapshot is of a declared operator");
  return metadata_.operators[it->second];
}

void MetadataBuilder::addSubtask(std::uint32_t subtask, const TaskSnapshot& snapshot) {
  for (const OperatorSnapshot& part : snapshot.operators) {
    OperatorState& op = operatorOf(part.id);
    FLINK_CHECK(subtask < op.parallelism, "a snapshot is of one of the operator's subtasks");
    table_.addBlocks(op.subtasks[subtask].blocks, part.blocks, snapshot.files);
    table_.addBlocks(op.coordinatorBlocks, part.coordinatorBlocks, snapshot.files);
  }
}

void MetadataBuilder::addFinished(const OperatorId& id, std::uint32_t subtask) {
  operatorOf(id).subtasks[subtask].finished = true;
}

CheckpointMetadata MetadataBuilder::build() && {
  metadata_.files = std::move(table_).take();
  return std::move(metadata_);
}

}  // namespace flink::checkpoint
