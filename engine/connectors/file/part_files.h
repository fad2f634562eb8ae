#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/file/rolling_policy.h"
#include "core/base/clock.h"
#include "core/base/fs.h"

namespace flink::connectors {

/// How part files are named: `<prefix>-<writer>-<number><suffix>`.
struct OutputFileConfig {
  class OutputFileConfigBuilder;
  static OutputFileConfigBuilder builder();
  std::string partPrefix = "part";
  std::string partSuffix = {};
};

class OutputFileConfig::OutputFileConfigBuilder {
 public:
  OutputFileConfigBuilder& withPartPrefix(std::string prefix) {
    config_.partPrefix = std::move(prefix);
    return *this;
  }
  OutputFileConfigBuilder& withPartSuffix(std::string suffix) {
    config_.partSuffix = std::move(suffix);
    return *this;
  }
  [[nodiscard]] OutputFileConfig build() const { return config_; }

 private:
  OutputFileConfig config_;
};

inline OutputFileConfig::OutputFileConfigBuilder OutputFileConfig::builder() {
  return {};
}

/// What the commit of a checkpoint does with a file: a part that is whole and durable gets its
/// name; one whose content a restored writer took over (no path) is removed.
struct FileSinkCommittable {
  std::string inProgressPath;
  std::string path;
  std::uint64_t numBytes = 0;
};

/// A part that goes on behind a checkpoint.
struct InProgressPart {
  std::string bucketId;
  std::string inProgressPath;
  std::uint64_t numBytes = 0;  ///< that belong to the checkpoint; what follows is cut away
  std::int64_t creationTimeMs = 0;
};

/// The part files of one writer: one open part per bucket, a directory below the base path. A part
/// is written as `.<name>.inprogress.<writer>`, is durable once it is rolled or part of a
/// checkpoint, and gets its name when it is committed. Failures are thrown. Thread: one.
class PartFiles {
 public:
  struct Settings {
    std::string basePath;
    const RollingPolicy& rolling;  ///< outlives the writer
    OutputFileConfig names;
    std::string writerId;  ///< no other writer has it, none of an earlier attempt either
  };
  PartFiles(Settings settings, FileSystem& files, const Clock& clock);

  /// Goes on with the parts of a checkpoint in files of its own: what an attempt that is not quite
  /// dead still writes does not get in, and the checkpoint can be restored once more.
  void restore(const std::vector<InProgressPart>& parts);
  void write(const std::string& bucketId, std::string_view bytes);
  /// Rolls what is open, or unused, for too long.
  void onProcessingTime();
  /// Rolls all parts: after the last record.
  void rollAll();
  /// What the next checkpoint commits.
  [[nodiscard]] std::vector<FileSinkCommittable> prepareCommit();
  /// After prepareCommit(): makes the parts that go on durable up to here.
  [[nodiscard]] std::vector<InProgressPart> snapshot();

 private:
  struct Part {
    PartFileInfo info;
    std::string inProgressPath;
    std::string path;
    std::unique_ptr<WritableFile> file;
  };
  Part open(const std::string& bucketId);
  /// Makes a bucket's directory, so that it outlives a crash of the machine.
  void makeDirectory(const std::string& directory);
  void roll(Part& part);
  template <class Due>
  void rollIf(Due due);

  const Settings settings_;
  FileSystem& files_;
  const Clock& clock_;
  std::map<std::string, Part> parts_;  // by bucket
  std::vector<FileSinkCommittable> pending_;
  std::int64_t nextNumber_ = 0;
};

enum class PartCommit : std::uint8_t { kCommitted, kAlreadyCommitted };
/// Gives a part its name, or removes what was taken over. Not durable before syncDirectory() of its
/// directory. Errors (thrown): kPartFileLost.
PartCommit commitPart(FileSystem& files, const FileSinkCommittable& part);

/// The directory that `path` is in.
[[nodiscard]] std::string directoryOf(const std::string& path);

/// A name in the form of a UUID; two calls with the same identity differ by the clock.
[[nodiscard]] std::string uniqueWriterId(std::string_view identity, const Clock& clock);

}  // namespace flink::connectors
