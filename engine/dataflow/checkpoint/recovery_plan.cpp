#include "dataflow/checkpoint/recovery_plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/types/serializer.h"
#include "core/types/serializer_ids.h"
#include "dataflow/checkpoint/blocks.h"

namespace flink::checkpoint {
namespace {

using Vertex = RecoveryVertex;

Status notRestorable(std::string text) {
  return {ErrorCode::kStateNotRestorable, std::move(text)};
}

std::string nameOf(const OperatorState& op) {
  const std::string uid = op.uid.empty() ? "" : fmt::format(", uid '{}'", op.uid);
  return fmt::format("'{}' ({}{})", op.name, op.id.toHex(), uid);
}

bool hasKeyedState(const OperatorState& op) {
  return std::any_of(op.subtasks.begin(), op.subtasks.end(), [](const auto& entry) {
    return std::any_of(entry.second.blocks.begin(), entry.second.blocks.end(),
                       [](const BlockRef& block) { return isKeyed(block.kind); });
  });
}

bool hasState(const OperatorState& op) {
  return !op.coordinatorBlocks.empty() ||
         std::any_of(op.subtasks.begin(), op.subtasks.end(), [](const auto& entry) {
           return entry.second.finished || !entry.second.blocks.empty();
         });
}

/// Everything that one vertex finds in the checkpoint.
class VertexRecovery {
 public:
  VertexRecovery(const CheckpointMetadata& metadata, const Vertex& vertex)
      : metadata_(metadata), vertex_(vertex), tables_(vertex.parallelism) {
    restored_.id = vertex.id;
    restored_.maxParallelism = vertex.maxParallelism;
    restored_.subtasks.resize(vertex.parallelism);
    for (TaskRestore& subtask : restored_.subtasks) {
      subtask.checkpoint = metadata.id;
      subtask.unchangedParallelism = true;
    }
  }

  Status add(const OperatorState& op) {
    FLINK_RETURN_IF_ERROR(checkParallelism(op));
    states_.push_back(&op);
    return Status::ok();
  }

  /// REQUIRES: called once, after the last add().
  Result<RestoredVertex> finish() {
    FLINK_RETURN_IF_ERROR(checkMaxParallelismAgreement());
    const bool finished = !states_.empty() &&
                          std::all_of(states_.begin(), states_.end(),
                                      [](const OperatorState* op) { return op->fullyFinished(); });
    for (const OperatorState* op : states_) deal(*op);
    for (std::uint32_t s = 0; s < vertex_.parallelism; ++s) {
      restored_.subtasks[s].finished = finished;
      restored_.subtasks[s].files = std::move(tables_[s]).take();
    }
    return std::move(restored_);
  }

 private:
  Status checkParallelism(const OperatorState& op) {
    if (op.maxParallelism < vertex_.parallelism) {
      return notRestorable(fmt::format(
          "the state of operator {} cannot be restored: its maximum parallelism ({}) is lower than "
          "the parallelism of '{}' ({}); lower the parallelism",
          nameOf(op), op.maxParallelism, vertex_.name, vertex_.parallelism));
    }
    if (op.maxParallelism != vertex_.maxParallelism && vertex_.maxParallelismConfigured) {
      return notRestorable(fmt::format(
          "the maximum parallelism of '{}' is {}, but the state of operator {} was stored with {}; "
          "set it to {}",
          vertex_.name, vertex_.maxParallelism, nameOf(op), op.maxParallelism, op.maxParallelism));
    }
    return Status::ok();
  }

  Status checkMaxParallelismAgreement() {
    const OperatorState* first = nullptr;
    bool keyed = false;
    const OperatorState* other = nullptr;
    for (const OperatorState* op : states_) {
      keyed = keyed || hasKeyedState(*op);
      if (first == nullptr) first = op;
      if (other == nullptr && op->maxParallelism != first->maxParallelism) other = op;
    }
    if (keyed && other != nullptr) {
      return notRestorable(fmt::format(
          "operators {} and {} are chained in '{}', but their state was stored with different "
          "maximum parallelism: {} and {}",
          nameOf(*first), nameOf(*other), vertex_.name, first->maxParallelism,
          other->maxParallelism));
    }
    if (first != nullptr) restored_.maxParallelism = first->maxParallelism;
    return Status::ok();
  }

  void deal(const OperatorState& op) {
    const bool unchanged = op.parallelism == vertex_.parallelism;
    for (std::uint32_t s = 0; s < vertex_.parallelism; ++s) {
      RestoredOperator part;
      part.id = op.id;
      if (s == 0)
        tables_[s].addBlocks(part.coordinatorBlocks, op.coordinatorBlocks, metadata_.files);
      restored_.subtasks[s].operators.push_back(std::move(part));
      restored_.subtasks[s].unchangedParallelism &= unchanged;
    }
    dealKeyed(op, unchanged);
    if (unchanged) {
      for (const auto& [s, state] : op.subtasks) giveOwn(s, state.blocks);
    } else {
      dealLists(op);
      dealRaw(op);
    }
    dealUnion(op);
    dealBroadcast(op, unchanged);
  }

  void give(std::uint32_t subtask, const BlockRef& block, std::uint64_t first,
            std::uint64_t count) {
    RestoredBlock restored{block, first, count};
    restored.block.file = tables_[subtask].add(metadata_.files[block.file]);
    restored_.subtasks[subtask].operators.back().blocks.push_back(std::move(restored));
  }
  void giveWhole(std::uint32_t subtask, const BlockRef& block) {
    give(subtask, block, 0, block.numEntries);
  }

  void dealKeyed(const OperatorState& op, bool unchanged) {
    for (std::uint32_t s = 0; s < vertex_.parallelism; ++s) {
      const types::KeyGroupRange range =
          types::keyGroupRangeOf(s, op.maxParallelism, vertex_.parallelism);
      for (const auto& [old, state] : op.subtasks) {
        if (unchanged && old != s) continue;
        for (const BlockRef& block : state.blocks) {
          if (isKeyed(block.kind) && block.firstKeyGroup <= range.last &&
              block.lastKeyGroup >= range.first)
            giveWhole(s, block);
        }
      }
    }
  }

  /// The blocks that stay where they were.
  void giveOwn(std::uint32_t subtask, const Blocks& blocks) {
    for (const BlockRef& block : blocks) {
      if (block.kind == state::BlockKind::kOperatorList || block.kind == state::BlockKind::kRaw)
        giveWhole(subtask, block);
    }
  }

  /// Deals each list's elements out in their order: equal shares, the first ones get one more
  /// where they do not divide. The next list goes on where this one gave its last extra element.
  void dealLists(const OperatorState& op) {
    std::map<std::string, Blocks> lists;
    for (const auto& [s, state] : op.subtasks) {
      for (const BlockRef& block : state.blocks) {
        if (block.kind == state::BlockKind::kOperatorList) lists[block.stateName].push_back(block);
      }
    }
    std::uint32_t start = 0;
    for (const auto& [name, blocks] : lists) {
      std::uint64_t total = 0;
      for (const BlockRef& block : blocks) total += block.numEntries;
      const std::uint64_t base = total / vertex_.parallelism;
      const auto extra = static_cast<std::uint32_t>(total % vertex_.parallelism);
      std::size_t at = 0;
      std::uint64_t offset = 0;
      for (std::uint32_t i = 0; i < vertex_.parallelism; ++i) {
        const std::uint32_t subtask = (start + i) % vertex_.parallelism;
        std::uint64_t left = base + (i < extra ? 1 : 0);
        while (left > 0) {
          const BlockRef& block = blocks[at];
          const std::uint64_t count = std::min(left, block.numEntries - offset);
          if (count > 0) give(subtask, block, offset, count);
          left -= count;
          offset += count;
          if (offset == block.numEntries) {
            ++at;
            offset = 0;
          }
        }
      }
      start = (start + extra) % vertex_.parallelism;
    }
  }

  /// Bytes that only their operator can read stay with the subtask of their number, those of
  /// subtasks that are no more go around.
  void dealRaw(const OperatorState& op) {
    for (const auto& [old, state] : op.subtasks) {
      for (const BlockRef& block : state.blocks) {
        if (block.kind == state::BlockKind::kRaw) giveWhole(old % vertex_.parallelism, block);
      }
    }
  }

  void dealUnion(const OperatorState& op) {
    for (const auto& [old, state] : op.subtasks) {
      for (const BlockRef& block : state.blocks) {
        if (block.kind != state::BlockKind::kOperatorUnion) continue;
        for (std::uint32_t s = 0; s < vertex_.parallelism; ++s) giveWhole(s, block);
      }
    }
  }

  /// Every subtask stored the same; each takes its own copy, or one of the others'.
  void dealBroadcast(const OperatorState& op, bool unchanged) {
    std::map<std::string, std::map<std::uint32_t, Blocks>> copies;
    for (const auto& [old, state] : op.subtasks) {
      for (const BlockRef& block : state.blocks) {
        if (block.kind == state::BlockKind::kBroadcast)
          copies[block.stateName][old].push_back(block);
      }
    }
    for (const auto& [name, byOwner] : copies) {
      for (std::uint32_t s = 0; s < vertex_.parallelism; ++s) {
        auto copy = unchanged ? byOwner.find(s) : byOwner.end();
        if (copy == byOwner.end())
          copy = std::next(byOwner.begin(), static_cast<std::ptrdiff_t>(s % byOwner.size()));
        for (const BlockRef& block : copy->second) giveWhole(s, block);
      }
    }
  }

  const CheckpointMetadata& metadata_;
  const Vertex& vertex_;
  std::vector<FileTable> tables_;
  std::vector<const OperatorState*> states_;
  RestoredVertex restored_;
};

/// Operators with state that no operator of the job takes.
Status checkAllTaken(const CheckpointMetadata& metadata, const std::vector<Vertex>& job,
                     bool allowNonRestoredState, std::vector<OperatorId>& skipped) {
  std::set<OperatorId> known;
  for (const Vertex& vertex : job) {
    for (const CheckpointTopology::Operator& op : vertex.operators) known.insert(op.id);
  }
  for (const OperatorState& op : metadata.operators) {
    if (known.contains(op.id) || !hasState(op)) continue;
    if (!allowNonRestoredState) {
      return notRestorable(fmt::format(
          "there is no operator for the state of {}: give the operator that it belongs to the same "
          "uid, or allow non-restored state (--allowNonRestoredState) to go on without it",
          nameOf(op)));
    }
    skipped.push_back(op.id);
  }
  return Status::ok();
}

/// What has processed all its input cannot be fed again by something that has not.
Status checkFinished(const std::vector<Vertex>& job, const std::vector<RestoredVertex>& restored) {
  const auto finished = [&](std::size_t v) { return restored[v].subtasks.front().finished; };
  for (std::size_t v = 0; v < job.size(); ++v) {
    if (!finished(v)) continue;
    for (const std::size_t input : job[v].inputs) {
      if (finished(input)) continue;
      return notRestorable(fmt::format(
          "'{}' had finished when the checkpoint was taken, so '{}' before it cannot go on; the "
          "job's graph has changed",
          job[v].name, job[input].name));
    }
  }
  return Status::ok();
}

}  // namespace

Result<RecoveryPlan> planRecovery(const CheckpointMetadata& metadata,
                                  const std::vector<RecoveryVertex>& job,
                                  bool allowNonRestoredState) {
  RecoveryPlan plan;
  FLINK_RETURN_IF_ERROR(checkAllTaken(metadata, job, allowNonRestoredState, plan.skipped));
  std::map<OperatorId, const OperatorState*> states;
  for (const OperatorState& op : metadata.operators) states.emplace(op.id, &op);
  for (const Vertex& vertex : job) {
    VertexRecovery recovery(metadata, vertex);
    for (const CheckpointTopology::Operator& op : vertex.operators) {
      const auto it = states.find(op.id);
      if (it != states.end() && hasState(*it->second))
        FLINK_RETURN_IF_ERROR(recovery.add(*it->second));
    }
    FLINK_ASSIGN_OR_RETURN(RestoredVertex restored, recovery.finish());
    plan.vertices.push_back(std::move(restored));
  }
  FLINK_RETURN_IF_ERROR(checkFinished(job, plan.vertices));
  return plan;
}

std::string encodeTaskRestore(const TaskRestore& restore) {
  return types::serialize(restore);
}

Result<TaskRestore> decodeTaskRestore(ByteView bytes) {
  TaskRestore restore;
  FLINK_RETURN_IF_ERROR(types::deserialize(bytes, restore));
  TaskSnapshot parts;
  parts.files = restore.files;
  for (const RestoredOperator& op : restore.operators) {
    OperatorSnapshot part{op.id, {}, op.coordinatorBlocks};
    for (const RestoredBlock& block : op.blocks) part.blocks.push_back(block.block);
    parts.operators.push_back(std::move(part));
  }
  FLINK_RETURN_IF_ERROR(checkConsistency(parts));
  return restore;
}

}  // namespace flink::checkpoint
