#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "dataflow/checkpoint/state_file.h"
#include "dataflow/checkpoint/storage.h"

namespace flink::checkpoint {
namespace {

/// The blocks that the metadata expects in one file, by offset.
using Expected = std::map<std::uint64_t, std::pair<OperatorId, const BlockRef*>>;

void expect(std::vector<Expected>& files, const OperatorId& id, const Blocks& blocks) {
  for (const BlockRef& block : blocks)
    files[block.file].emplace(block.offset, std::pair(id, &block));
}

std::vector<Expected> expectedBlocks(const CheckpointMetadata& metadata) {
  std::vector<Expected> files(metadata.files.size());
  for (const OperatorState& op : metadata.operators) {
    for (const auto& [index, subtask] : op.subtasks) expect(files, op.id, subtask.blocks);
    expect(files, op.id, op.coordinatorBlocks);
  }
  return files;
}

bool sameBlock(const BlockHeader& header, std::uint64_t checksum, const OperatorId& id,
               const BlockRef& ref) {
  const state::BlockInfo info{ref.kind, ref.stateName, ref.firstKeyGroup, ref.lastKeyGroup,
                              ref.numEntries};
  return header.operatorId == id && header.info == info && header.length == ref.length &&
         checksum == ref.checksum;
}

Status verifyFile(FileSystem& files, const StateFile& file, const Expected& expected,
                  VerifyReport& report) {
  FLINK_ASSIGN_OR_RETURN(const std::unique_ptr<StateFileReader> reader,
                         StateFileReader::open(files, file));
  std::size_t numFound = 0;
  Status wrong;
  FLINK_RETURN_IF_ERROR(
      reader->readAll([&](const BlockHeader& header, std::uint64_t offset, std::uint64_t checksum) {
        ++report.numBlocks;
        const auto it = expected.find(offset);
        if (it == expected.end()) return;  // older or newer than what this checkpoint needs
        ++numFound;
        if (sameBlock(header, checksum, it->second.first, *it->second.second) || !wrong.isOk())
          return;
        wrong = Status(ErrorCode::kCheckpointCorrupt,
                       fmt::format("checkpoint is damaged: file={} block=at byte {} reason=another "
                                   "block is there",
                                   reader->name(), offset));
      }));
  FLINK_RETURN_IF_ERROR(wrong);
  if (numFound == expected.size()) return Status::ok();
  return {ErrorCode::kCheckpointCorrupt,
          fmt::format("checkpoint is damaged: file={} block=all reason={} blocks are missing",
                      reader->name(), expected.size() - numFound)};
}

}  // namespace

Result<VerifyReport> verifyCheckpoint(FileSystem& files, const std::string& path) {
  VerifyReport report;
  FLINK_ASSIGN_OR_RETURN(report.metadata, loadMetadata(files, path));
  const std::vector<Expected> expected = expectedBlocks(report.metadata);
  for (std::size_t i = 0; i < report.metadata.files.size(); ++i) {
    const StateFile& file = report.metadata.files[i];
    ++report.numFiles;
    report.numBytes += file.size;
    if (Status status = verifyFile(files, file, expected[i], report); !status.isOk())
      report.damages.push_back(std::move(status));
  }
  return report;
}

}  // namespace flink::checkpoint
