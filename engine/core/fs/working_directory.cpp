#include "core/fs/working_directory.h"

#include <string_view>
#include <utility>

#include "core/base/error_codes.h"

namespace flink::fs {
namespace {

class WorkingDirectoryFiles final : public FileSystem {
 public:
  WorkingDirectoryFiles(FileSystem& base, std::string directory)
      : base_(base), directory_(std::move(directory)) {}

  Result<std::unique_ptr<ReadableFile>> openRead(const std::string& path) override {
    FLINK_ASSIGN_OR_RETURN(const std::string absolute, resolve(path));
    return base_.openRead(absolute);
  }
  Result<std::unique_ptr<WritableFile>> openWrite(const std::string& path, bool append) override {
    FLINK_ASSIGN_OR_RETURN(const std::string absolute, resolve(path));
    return base_.openWrite(absolute, append);
  }
  Result<FileStatus> status(const std::string& path) override {
    FLINK_ASSIGN_OR_RETURN(const std::string absolute, resolve(path));
    return base_.status(absolute);
  }
  Result<std::vector<FileStatus>> list(const std::string& directory) override {
    FLINK_ASSIGN_OR_RETURN(const std::string absolute, resolve(directory));
    return base_.list(absolute);
  }
  Status createDirectories(const std::string& path) override {
    FLINK_ASSIGN_OR_RETURN(const std::string absolute, resolve(path));
    return base_.createDirectories(absolute);
  }
  Status rename(const std::string& from, const std::string& to) override {
    FLINK_ASSIGN_OR_RETURN(const std::string source, resolve(from));
    FLINK_ASSIGN_OR_RETURN(const std::string target, resolve(to));
    return base_.rename(source, target);
  }
  Status removeAll(const std::string& path) override {
    FLINK_ASSIGN_OR_RETURN(const std::string absolute, resolve(path));
    return base_.removeAll(absolute);
  }
  Status syncDirectory(const std::string& path) override {
    FLINK_ASSIGN_OR_RETURN(const std::string absolute, resolve(path));
    return base_.syncDirectory(absolute);
  }

 private:
  /// URIs with an authority and the empty path are left to the base, which knows what to say.
  [[nodiscard]] Result<std::string> resolve(const std::string& path) const {
    constexpr std::string_view kScheme = "file:";
    const bool uri = path.starts_with(kScheme);
    const std::string_view plain = std::string_view(path).substr(uri ? kScheme.size() : 0);
    if (plain.empty() || plain.front() == '/' || plain.find("://") != std::string_view::npos)
      return path;
    if (directory_.empty()) {
      return Status(ErrorCode::kInvalidArgument,
                    "a relative path means nothing here, because the job was not submitted from a "
                    "directory of this host; use an absolute one: path=" +
                        path);
    }
    return directory_ + "/" + std::string(plain);
  }

  FileSystem& base_;
  const std::string directory_;
};

}  // namespace

std::unique_ptr<FileSystem> makeFilesOfWorkingDirectory(FileSystem& base, std::string directory) {
  return std::make_unique<WorkingDirectoryFiles>(base, std::move(directory));
}

}  // namespace flink::fs
