#pragma once

#include <memory>
#include <string>

#include "core/base/fs.h"
#include "core/base/process.h"
#include "core/base/result.h"

namespace flink::fs {

/// A directory for the files of one running owner, closed to other users:
/// `<parent>/<kind>-<name>`. The lock on the file
/// beside it (`....lock`) ends with the owner's process, however that ends, so that a later owner
/// of the same kind knows what was left behind. Thread: one at a time.
class OwnedDirectory {
 public:
  /// Makes the directory. Errors: kAlreadyExists when a living owner has it; those of files.
  static Result<std::unique_ptr<OwnedDirectory>> claim(FileSystem& files, const std::string& parent,
                                                       const std::string& kind,
                                                       const std::string& name);
  /// Removes the directories of this kind below `parent` whose owners are gone; what belongs to
  /// somebody else is left alone. Returns how many. Thread: any.
  static int sweep(FileSystem& files, const std::string& parent, const std::string& kind);

  /// Removes the directory.
  ~OwnedDirectory();
  OwnedDirectory(const OwnedDirectory&) = delete;
  OwnedDirectory& operator=(const OwnedDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  OwnedDirectory(FileSystem& files, std::string path, OwnedFd lock);

  FileSystem& files_;
  const std::string path_;
  OwnedFd lock_;
};

}  // namespace flink::fs
