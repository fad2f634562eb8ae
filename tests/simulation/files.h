#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/base/fs.h"
#include "tests/simulation/kernel.h"

namespace flink::simulation {

/// A disk that all hosts see. What a host has not synced is lost, in part or as a whole, when its
/// power fails; what a process wrote outlives the process. Thread: the simulation's.
class SharedDisk {
 public:
  explicit SharedDisk(Kernel& kernel) : kernel_(kernel) {}

  /// The disk as one process sees it; a dead process reaches nothing.
  std::unique_ptr<FileSystem> view(const ProcessRef& process);
  /// Drops what the host wrote and did not sync: of a file any part from the synced bytes on, of a
  /// directory any renames and new names.
  void powerFailure(int host);
  /// Full: nothing can be written any more.
  void setFull(bool full) { full_ = full; }
  /// Checkpoints whose metadata has appeared so far.
  [[nodiscard]] int numPublished() const { return published_; }
  /// Paths of all files, for tests.
  [[nodiscard]] std::set<std::string> paths() const;

 private:
  class View;
  class Reader;
  class Writer;
  struct File {
    std::string content;
    std::size_t synced = 0;
    int writer = -1;  ///< host whose bytes are not synced
    std::int64_t modifiedMs = 0;
  };
  using FileRef = std::shared_ptr<File>;
  /// What a name meant before a change that its directory does not durably have.
  struct Undo {
    int host;
    std::string path;
    FileRef before;  ///< null: there was none
  };

  void change(int host, const std::string& path, FileRef to);
  [[nodiscard]] bool isDirectory(const std::string& path) const;

  Kernel& kernel_;
  std::map<std::string, FileRef> files_;
  std::set<std::string> directories_{"/"};
  std::vector<Undo> undo_;  // oldest first
  bool full_ = false;
  int published_ = 0;
};

}  // namespace flink::simulation
