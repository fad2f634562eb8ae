#include <algorithm>
#include <cstring>
#include <tuple>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/types/serializer.h"
#include "core/types/serializer_ids.h"
#include "dataflow/checkpoint/durable_file.h"
#include "dataflow/checkpoint/metadata.h"
#include "dataflow/checkpoint/state_file_format.h"

namespace flink::checkpoint {
namespace {

constexpr std::string_view kMagic = "FLKCKPNT";
constexpr std::uint32_t kSectionMark = 0x54435301;  // "\1SCT"
constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kSectionHeaderBytes = 32;
constexpr std::size_t kDigestBytes = 16;
constexpr std::string_view kSharedPrefix = "../shared/";

enum class Section : std::uint32_t { kSummary = 1, kFiles = 2, kOperator = 3, kInlinedFile = 4 };

/// The sections' contents, written as core/types writes values.
struct Summary {
  JobId job;
  std::string jobName;
  CheckpointId id = 0;
  Epoch epoch = Epoch::kNone;
  SnapshotKind kind = SnapshotKind::kCheckpoint;
  std::int64_t timestampMs = 0;
};
struct FileEntry {
  StateFileId id;
  FileScope scope = FileScope::kExclusive;
  std::string name;  ///< see relativeName(); empty: inlined
  std::uint64_t size = 0;
  Digest digest;
};

std::string sectionName(Section kind, std::uint32_t index) {
  switch (kind) {
    case Section::kSummary:
      return "summary";
    case Section::kFiles:
      return "files";
    case Section::kOperator:
      return fmt::format("operator {}", index);
    case Section::kInlinedFile:
      return fmt::format("inlined file {}", index);
  }
  return "section";
}

std::string relativeName(const std::string& path, const std::string& folder) {
  const std::string parent = parentOf(path);
  if (parent == folder) return fileNameOf(path);
  if (parent == parentOf(folder) + "/shared")
    return fmt::format("{}{}", kSharedPrefix, fileNameOf(path));
  return path;
}

bool isPlainName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

/// The path behind a name; empty when the name is none that relativeName() gives.
std::string absolutePath(const std::string& name, const std::string& folder) {
  if (isPlainName(name)) return fmt::format("{}/{}", folder, name);
  if (name.starts_with(kSharedPrefix)) {
    const std::string_view rest = std::string_view(name).substr(kSharedPrefix.size());
    return isPlainName(rest) ? fmt::format("{}/shared/{}", parentOf(folder), rest) : "";
  }
  return name.starts_with('/') || name.find(":/") != std::string::npos ? name : "";
}

class SectionWriter {
 public:
  explicit SectionWriter(std::uint32_t numSections) {
    out_.append(kMagic);
    format::put(out_, format::kVersion);
    format::put(out_, numSections);
    out_.append(kHeaderBytes - out_.size(), '\0');
  }
  void add(Section kind, std::uint32_t index, std::string_view content) {
    const std::size_t offset = out_.size();
    format::put(out_, kSectionMark);
    format::put(out_, kind);
    format::put(out_, index);
    format::put(out_, std::uint32_t{0});
    format::put(out_, std::uint64_t{content.size()});
    const std::uint64_t sum = checksumOf(asBytes(std::string_view(out_).substr(offset)), offset);
    format::put(out_, sum);
    out_.append(content);
    format::put(out_, checksumOf(asBytes(content), sum));
  }
  std::string finish() && {
    std::string size;
    format::put(size, std::uint64_t{out_.size() + kDigestBytes});
    out_.replace(16, size.size(), size);
    std::string sum;
    format::put(sum, checksumOf(asBytes(out_).first(kHeaderBytes - format::kChecksumBytes), 0));
    out_.replace(kHeaderBytes - sum.size(), sum.size(), sum);
    const Digest digest = digestOf(asBytes(out_));
    format::put(out_, digest.high);
    format::put(out_, digest.low);
    return std::move(out_);
  }

 private:
  std::string out_;
};

/// Walks through the sections; nothing is decoded before its checksum was right.
class SectionReader {
 public:
  SectionReader(ByteView bytes, std::string file) : bytes_(asText(bytes)), file_(std::move(file)) {}

  [[nodiscard]] Status corrupt(std::string_view block, std::string_view why) const {
    return {ErrorCode::kCheckpointCorrupt,
            fmt::format("checkpoint is damaged: file={} block={} reason={}", file_, block, why)};
  }

  Status readHeader() {
    if (bytes_.size() < kHeaderBytes + kDigestBytes)
      return corrupt("header", "the file is too short");
    format::Cursor in(bytes_);
    if (in.take(kMagic.size()) != kMagic)
      return corrupt("header", "this is no checkpoint metadata");
    if (const auto version = in.take<std::uint32_t>(); version != format::kVersion)
      return corrupt("header", fmt::format("unknown version {}", version));
    numSections_ = in.take<std::uint32_t>();
    const auto size = in.take<std::uint64_t>();
    if (in.take<std::uint64_t>() !=
        checksumOf(asBytes(bytes_).first(kHeaderBytes - format::kChecksumBytes), 0))
      return corrupt("header", "checksum");
    sizeMatches_ = size == bytes_.size();
    offset_ = kHeaderBytes;
    return Status::ok();
  }
  [[nodiscard]] bool atEnd() const { return numRead_ == numSections_; }
  /// How many sections are left when `numInlined` of them hold inlined files.
  [[nodiscard]] Result<std::uint32_t> numOperators(std::uint32_t numInlined) const {
    const std::uint32_t left = numSections_ - numRead_;
    if (numInlined > left) return corrupt("files", "inlined files are missing");
    return left - numInlined;
  }

  Result<std::string_view> next(Section kind, std::uint32_t index) {
    const std::string name = sectionName(kind, index);
    if (atEnd()) return corrupt(name, "it is missing");
    const std::size_t left = bytes_.size() - offset_;
    if (left < kSectionHeaderBytes + format::kChecksumBytes)
      return corrupt(name, "the file ends within it");
    format::Cursor in(bytes_.substr(offset_));
    const auto mark = in.take<std::uint32_t>();
    const auto readKind = in.take<Section>();
    const auto readIndex = in.take<std::uint32_t>();
    const auto reserved = in.take<std::uint32_t>();
    const auto length = in.take<std::uint64_t>();
    const auto headerSum = in.take<std::uint64_t>();
    const ByteView summed =
        asBytes(bytes_).subspan(offset_, kSectionHeaderBytes - format::kChecksumBytes);
    if (mark != kSectionMark || reserved != 0 || headerSum != checksumOf(summed, offset_))
      return corrupt(name, "checksum of its header");
    if (readKind != kind || readIndex != index) return corrupt(name, "another section is there");
    if (length > left - kSectionHeaderBytes - format::kChecksumBytes)
      return corrupt(name, "the file ends within it");
    const std::string_view content = in.take(length);
    if (in.take<std::uint64_t>() != checksumOf(asBytes(content), headerSum))
      return corrupt(name, "checksum");
    offset_ += kSectionHeaderBytes + length + format::kChecksumBytes;
    ++numRead_;
    return content;
  }

  template <class T>
  Status decode(Section kind, std::uint32_t index, T& value) {
    FLINK_ASSIGN_OR_RETURN(const std::string_view content, next(kind, index));
    const Status status = types::deserialize(asBytes(content), value);
    return status.isOk() ? status : corrupt(sectionName(kind, index), status.message());
  }

  Status readEnd() {
    if (!atEnd()) return corrupt("end", "sections too many");
    if (bytes_.size() - offset_ != kDigestBytes || !sizeMatches_)
      return corrupt("end", "the file has another size");
    const Digest digest = digestOf(asBytes(bytes_).first(offset_));
    format::Cursor in(bytes_.substr(offset_));
    const auto high = in.take<std::uint64_t>();
    if (high != digest.high || in.take<std::uint64_t>() != digest.low)
      return corrupt("end", "digest");
    return Status::ok();
  }

 private:
  const std::string_view bytes_;
  const std::string file_;
  std::size_t offset_ = 0;
  std::uint32_t numSections_ = 0;
  std::uint32_t numRead_ = 0;
  bool sizeMatches_ = false;
};

}  // namespace

std::string encodeMetadata(const CheckpointMetadata& metadata, const std::string& folder) {
  std::vector<FileEntry> entries;
  std::uint32_t numInlined = 0;
  for (const StateFile& file : metadata.files) {
    const bool inlined = file.path.empty();
    numInlined += inlined ? 1 : 0;
    entries.push_back({file.id, file.scope, inlined ? "" : relativeName(file.path, folder),
                       file.size, file.digest});
  }
  const auto numOperators = static_cast<std::uint32_t>(metadata.operators.size());
  SectionWriter out(2 + numOperators + numInlined);
  const Summary summary{metadata.job,   metadata.jobName, metadata.id,
                        metadata.epoch, metadata.kind,    metadata.timestampMs};
  out.add(Section::kSummary, 0, types::serialize(summary));
  out.add(Section::kFiles, 0, types::serialize(entries));
  for (std::uint32_t i = 0; i < numOperators; ++i)
    out.add(Section::kOperator, i, types::serialize(metadata.operators[i]));
  std::uint32_t index = 0;
  for (const StateFile& file : metadata.files) {
    if (file.path.empty()) out.add(Section::kInlinedFile, index++, file.inlined);
  }
  return std::move(out).finish();
}

Result<CheckpointMetadata> decodeMetadata(ByteView bytes, const std::string& folder) {
  SectionReader in(bytes, fmt::format("{}/{}", folder, kMetadataFileName));
  FLINK_RETURN_IF_ERROR(in.readHeader());
  Summary summary;
  FLINK_RETURN_IF_ERROR(in.decode(Section::kSummary, 0, summary));
  CheckpointMetadata metadata{summary.job,  std::move(summary.jobName), summary.id, summary.epoch,
                              summary.kind, summary.timestampMs,        {},         {}};
  std::vector<FileEntry> entries;
  FLINK_RETURN_IF_ERROR(in.decode(Section::kFiles, 0, entries));
  std::uint32_t numInlined = 0;
  for (FileEntry& entry : entries) {
    StateFile file{entry.id, entry.scope, "", "", entry.size, entry.digest};
    numInlined += entry.name.empty() ? 1 : 0;
    if (!entry.name.empty()) file.path = absolutePath(entry.name, folder);
    if (!entry.name.empty() && file.path.empty())
      return in.corrupt("files", "a state file has no such name: " + entry.name);
    metadata.files.push_back(std::move(file));
  }
  FLINK_ASSIGN_OR_RETURN(const std::uint32_t numOperators, in.numOperators(numInlined));
  for (std::uint32_t i = 0; i < numOperators; ++i)
    FLINK_RETURN_IF_ERROR(in.decode(Section::kOperator, i, metadata.operators.emplace_back()));
  std::uint32_t index = 0;
  for (StateFile& file : metadata.files) {
    if (!file.path.empty()) continue;
    FLINK_ASSIGN_OR_RETURN(const std::string_view content, in.next(Section::kInlinedFile, index));
    file.inlined = content;
    if (digestOf(asBytes(file.inlined)) != file.digest)
      return in.corrupt(sectionName(Section::kInlinedFile, index), "digest");
    ++index;
  }
  FLINK_RETURN_IF_ERROR(in.readEnd());
  if (const Status status = checkConsistency(metadata); !status.isOk())
    return in.corrupt("operators", status.message());
  return metadata;
}

std::string encodeTaskSnapshot(const TaskSnapshot& snapshot) {
  return types::serialize(snapshot);
}

Result<TaskSnapshot> decodeTaskSnapshot(ByteView bytes) {
  TaskSnapshot snapshot;
  FLINK_RETURN_IF_ERROR(types::deserialize(bytes, snapshot));
  FLINK_RETURN_IF_ERROR(checkConsistency(snapshot));
  return snapshot;
}

}  // namespace flink::checkpoint
