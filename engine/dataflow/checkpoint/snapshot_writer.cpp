#include "dataflow/checkpoint/snapshot_writer.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "core/base/check.h"
#include "dataflow/checkpoint/blocks.h"

namespace flink::checkpoint {

SnapshotWriter::SnapshotWriter(FileSystem& files, Rng& rng, const CheckpointLocation& location,
                               const SnapshotSettings& settings) {
  const StateFileOptions options{
      settings.compress, location.filesAllowed ? settings.inlineThresholdBytes : kNoInlineLimit};
  exclusive_ = std::make_unique<StateFileWriter>(files, location.directory, FileScope::kExclusive,
                                                 StateFileId::random(rng), options);
  if (location.sharedDirectory.empty()) return;
  shared_ = std::make_unique<StateFileWriter>(files, location.sharedDirectory, FileScope::kShared,
                                              StateFileId::random(rng), options);
}

void SnapshotWriter::beginOperator(const OperatorId& id, bool coordinator) {
  const auto it = std::find(operators_.begin(), operators_.end(), id);
  current_ = static_cast<std::size_t>(it - operators_.begin());
  if (it == operators_.end()) operators_.push_back(id);
  coordinator_ = coordinator;
  exclusive_->beginOperator(id, coordinator);
  if (shared_ != nullptr) shared_->beginOperator(id, coordinator);
}

Status SnapshotWriter::writeBlock(const state::BlockInfo& info, ByteView content) {
  FLINK_CHECK(!operators_.empty(), "a block belongs to an operator");
  FLINK_RETURN_IF_ERROR(failure_);
  const bool shared = shared_ != nullptr && isKeyed(info.kind);
  failure_ = (shared ? shared_ : exclusive_)->writeBlock(info, content);
  FLINK_RETURN_IF_ERROR(failure_);
  steps_.push_back({shared, current_, coordinator_});
  return Status::ok();
}

std::uint64_t SnapshotWriter::size() const {
  return exclusive_->size() + (shared_ != nullptr ? shared_->size() : 0);
}

Result<TaskSnapshot> SnapshotWriter::finish() {
  // A file whose first block failed looks like one that was not needed.
  FLINK_RETURN_IF_ERROR(failure_);
  TaskSnapshot snapshot;
  for (const OperatorId& id : operators_) snapshot.operators.push_back({id, {}, {}});
  std::vector<WrittenStateFile> written;
  for (StateFileWriter* writer : {exclusive_.get(), shared_.get()}) {
    // An empty list of operators stands for a file that was not written.
    if (writer == nullptr || writer->empty()) {
      written.emplace_back();
      continue;
    }
    FLINK_ASSIGN_OR_RETURN(WrittenStateFile file, writer->finish());
    written.push_back(std::move(file));
  }
  std::vector<std::uint32_t> positions(written.size());
  for (std::size_t i = 0; i < written.size(); ++i) {
    positions[i] = static_cast<std::uint32_t>(snapshot.files.size());
    if (!written[i].operators.empty()) snapshot.files.push_back(std::move(written[i].file));
  }
  // Each writer kept the order of its own blocks; the steps say how the two interleave.
  std::map<std::tuple<bool, std::size_t, bool>, std::size_t> taken;
  for (const Step& step : steps_) {
    const std::size_t from = step.shared ? 1 : 0;
    OperatorSnapshot& part = written[from].operators[step.op];
    Blocks& source = step.coordinator ? part.coordinatorBlocks : part.blocks;
    BlockRef ref = std::move(source[taken[{step.shared, step.op, step.coordinator}]++]);
    ref.file = positions[from];
    OperatorSnapshot& target = snapshot.operators[step.op];
    (step.coordinator ? target.coordinatorBlocks : target.blocks).push_back(std::move(ref));
  }
  return snapshot;
}

Result<ByteView> SnapshotReader::read(const OperatorId& id, const BlockRef& ref) {
  FLINK_CHECK(ref.file < readers_.size(), "a block is in one of the snapshot's files");
  std::unique_ptr<StateFileReader>& reader = readers_[ref.file];
  if (reader == nullptr) {
    FLINK_ASSIGN_OR_RETURN(reader, StateFileReader::open(files_, stateFiles_[ref.file]));
  }
  return reader->readBlock(id, ref);
}

}  // namespace flink::checkpoint
