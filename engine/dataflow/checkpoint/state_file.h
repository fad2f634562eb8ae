#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/fs.h"
#include "dataflow/checkpoint/durable_file.h"
#include "dataflow/checkpoint/snapshot.h"

namespace flink::checkpoint {

/// No block is larger; the limit stands before every allocation for one.
inline constexpr std::uint64_t kMaxBlockBytes = 1ULL << 30;

/// As a threshold: everything is inlined.
inline constexpr std::uint64_t kNoInlineLimit = ~0ULL;

struct StateFileOptions {
  bool compress = false;  ///< LZ4 per block
  /// Smaller files travel with the metadata instead.
  std::uint64_t inlineThresholdBytes = 20 << 10;
};

/// A written state file and what of it belongs to which operator. BlockRef::file is 0 throughout.
struct WrittenStateFile {
  StateFile file;
  std::vector<OperatorSnapshot> operators;
};

/// Writes one state file (FORMAT.md): blocks with headers and checksums.
/// Thread: one at a time; finish() waits for the disk.
/// Lifetime: without finish() nothing remains.
class StateFileWriter final : public state::SnapshotSink {
 public:
  StateFileWriter(FileSystem& files, std::string directory, FileScope scope, StateFileId id,
                  StateFileOptions options);

  /// The blocks that follow belong to this operator (or to its coordinator).
  void beginOperator(const OperatorId& id, bool coordinator = false);
  /// An error is kept: finish() repeats it. REQUIRES: beginOperator().
  Status writeBlock(const state::BlockInfo& info, ByteView content) override;

  [[nodiscard]] bool empty() const { return numBlocks_ == 0; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Makes the file durable. REQUIRES: called once.
  Result<WrittenStateFile> finish();

 private:
  Status begin();
  Status append(ByteView bytes);
  Status appendBlock(const state::BlockInfo& info, ByteView content);

  FileSystem& files_;
  const std::string directory_;
  const StateFileOptions options_;
  WrittenStateFile written_;
  std::string buffer_;  // until it is too large to be inlined
  std::unique_ptr<DurableFile> durable_;
  std::string scratch_;
  std::uint64_t size_ = 0;
  std::uint32_t numBlocks_ = 0;
  std::size_t current_ = 0;  // in written_.operators
  bool begun_ = false;
  bool forCoordinator_ = false;
  Status failure_;
};

/// A block as its own header describes it.
struct BlockHeader {
  std::uint32_t ordinal = 0;
  OperatorId operatorId;
  state::BlockInfo info;
  bool compressed = false;
  std::uint32_t rawBytes = 0;
  std::uint32_t storedBytes = 0;
  std::uint64_t length = 0;  ///< header, content, checksum
};

/// Reads blocks of one state file; whatever it gives away has been checked.
/// Thread: one at a time.
class StateFileReader {
 public:
  /// Checks size, header and end. `name` stands for the file in messages. Errors:
  /// kCheckpointCorrupt naming file and block; kFileNotFound, kFileIo.
  static Result<std::unique_ptr<StateFileReader>> open(FileSystem& files, const StateFile& file);

  /// The block's content, valid until the next call. Errors: kCheckpointCorrupt naming file and
  /// block when it is damaged or is not the one that `ref` means.
  Result<ByteView> readBlock(const OperatorId& id, const BlockRef& ref);

  /// Reads every byte of the file: all blocks one after the other, the digest last. `visit` is
  /// called with each sound block's header, offset and checksum.
  template <class Visit>
  Status readAll(const Visit& visit) {
    Digester digester;
    std::uint64_t offset = firstBlock();
    FLINK_RETURN_IF_ERROR(digest(digester, 0, offset));
    for (std::uint32_t i = 0; i < numBlocks_; ++i) {
      BlockHeader header;
      std::uint64_t checksum = 0;
      FLINK_RETURN_IF_ERROR(readBlockAt(offset, i, header, checksum).status());
      visit(header, offset, checksum);
      FLINK_RETURN_IF_ERROR(digest(digester, offset, header.length));
      offset += header.length;
    }
    return readEnd(digester, offset);
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint32_t numBlocks() const { return numBlocks_; }

 private:
  explicit StateFileReader(const StateFile& file);
  static std::uint64_t firstBlock();
  Status readExactly(std::uint64_t offset, std::string& out, std::uint64_t size,
                     const std::string& block);
  Status checkEnds();
  Status readHeaderAt(std::uint64_t offset, const std::string& block, BlockHeader& header,
                      std::uint64_t& headerChecksum);
  Result<ByteView> readBlockAt(std::uint64_t offset, std::uint32_t ordinal, BlockHeader& header,
                               std::uint64_t& checksum);
  Result<ByteView> readContent(std::uint64_t offset, const std::string& block,
                               const BlockHeader& header, std::uint64_t headerChecksum,
                               std::uint64_t& checksum);
  Status digest(Digester& digester, std::uint64_t offset, std::uint64_t size);
  Status readEnd(Digester& digester, std::uint64_t offset);
  [[nodiscard]] Status corrupt(const std::string& block, std::string_view why) const;

  const StateFileId id_;
  const std::uint64_t size_;
  const Digest digest_;
  const std::string name_;
  const std::string inlined_;
  std::unique_ptr<ReadableFile> file_;
  std::uint32_t numBlocks_ = 0;
  std::string header_, content_, raw_;
};

}  // namespace flink::checkpoint
