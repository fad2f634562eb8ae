#include "dataflow/checkpoint/snapshot_chain.h"

#include <utility>

#include "core/base/check.h"
#include "dataflow/checkpoint/blocks.h"

namespace flink::checkpoint {
namespace {

void appendKeyed(Blocks& to, FileTable& table, const Blocks& blocks,
                 const std::vector<StateFile>& files) {
  Blocks keyed;
  for (const BlockRef& block : blocks) {
    if (isKeyed(block.kind)) keyed.push_back(block);
  }
  table.addBlocks(to, keyed, files);
}

}  // namespace

OperatorSnapshot SnapshotChain::add(CheckpointId id, const state::SnapshotPlan& plan,
                                    const OperatorSnapshot& written,
                                    const std::vector<StateFile>& writtenFiles, FileTable& files) {
  FileTable table;
  Link link;
  if (plan.mode == state::SnapshotMode::kDelta) {
    const auto base = links_.find(static_cast<CheckpointId>(plan.basedOn));
    FLINK_CHECK(base != links_.end(), "a delta is based on a snapshot that was kept");
    table.addBlocks(link.blocks, base->second.blocks, base->second.files);
  }
  appendKeyed(link.blocks, table, written.blocks, writtenFiles);

  OperatorSnapshot complete{written.id, {}, {}};
  files.addBlocks(complete.blocks, link.blocks, table.files());
  for (const BlockRef& block : written.blocks) {
    if (!isKeyed(block.kind)) files.addBlocks(complete.blocks, {block}, writtenFiles);
  }
  files.addBlocks(complete.coordinatorBlocks, written.coordinatorBlocks, writtenFiles);
  if (plan.mode != state::SnapshotMode::kComplete) {
    link.files = std::move(table).take();
    links_.insert_or_assign(id, std::move(link));
  }
  return complete;
}

void SnapshotChain::confirmed(CheckpointId id) {
  // Without the confirmed link (a late notification) there is nothing newer to build on.
  if (links_.contains(id)) links_.erase(links_.begin(), links_.find(id));
}

void SnapshotChain::aborted(CheckpointId id) {
  links_.erase(id);
}

void SnapshotChain::restored(CheckpointId id, const Blocks& blocks,
                             const std::vector<StateFile>& files) {
  links_.clear();
  FileTable table;
  Link link;
  appendKeyed(link.blocks, table, blocks, files);
  link.files = std::move(table).take();
  links_.emplace(id, std::move(link));
}

}  // namespace flink::checkpoint
