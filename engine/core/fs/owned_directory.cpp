#include "core/fs/owned_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/log.h"

namespace flink::fs {
namespace {

Logger kLog{"flink.fs"};

constexpr std::string_view kLockSuffix = ".lock";

std::string lockOf(const std::string& directory) {
  return directory + std::string(kLockSuffix);
}

/// A locked file that has no name yet, so that nobody sees it unlocked.
OwnedFd makeLocked(const std::string& path) {
  OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (fd.valid() && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.reset();
  return fd;
}

/// Makes a directory that only its owner enters, also where it was left over. One of somebody else
/// is refused: he would see, or change, what is written there.
Status makePrivate(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return Status::ok();
  int reason = errno;
  struct stat found {};
  if (reason == EEXIST && ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) &&
      found.st_uid == ::geteuid()) {
    if (::chmod(path.c_str(), 0700) == 0) return Status::ok();
    reason = errno;
  }
  return {ErrorCode::kFileIo,
          fmt::format("cannot make a directory for temporary files: path={} reason={}", path,
                      reason == EEXIST ? "it is there and belongs to somebody else"
                                       : std::strerror(reason))};
}

/// Removes a directory unless its owner lives.
bool removeLeftover(FileSystem& files, const std::string& directory) {
  const std::string lock = lockOf(directory);
  const OwnedFd fd(::open(lock.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd.valid() || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return false;
  if (const Status removed = files.removeAll(directory); !removed.isOk()) {
    FLINK_WARN(kLog, "cannot remove what an ended process left path={} reason={}", directory,
               removed.toString());
    return false;
  }
  // Last: until then the next sweep would find the rest.
  ::unlink(lock.c_str());
  FLINK_INFO(kLog, "removed what an ended process left path={}", directory);
  return true;
}

}  // namespace

OwnedDirectory::OwnedDirectory(FileSystem& files, std::string path, OwnedFd lock)
    : files_(files), path_(std::move(path)), lock_(std::move(lock)) {}

Result<std::unique_ptr<OwnedDirectory>> OwnedDirectory::claim(FileSystem& files,
                                                              const std::string& parent,
                                                              const std::string& kind,
                                                              const std::string& name) {
  // Absolute: a job's own relative paths begin elsewhere.
  std::error_code error;
  const std::string absolute = std::filesystem::absolute(parent, error).string();
  const std::string path = fmt::format("{}/{}-{}", error ? parent : absolute, kind, name);
  const std::string lock = lockOf(path);
  const std::string unnamed = fmt::format("{}.{}", lock, ::getpid());
  FLINK_RETURN_IF_ERROR(files.createDirectories(parent));
  removeLeftover(files, path);  // a process id comes again
  OwnedFd fd = makeLocked(unnamed);
  const bool named = fd.valid() && ::link(unnamed.c_str(), lock.c_str()) == 0;
  const int reason = errno;
  ::unlink(unnamed.c_str());
  if (!named) {
    return Status(
        reason == EEXIST ? ErrorCode::kAlreadyExists : ErrorCode::kFileIo,
        fmt::format("cannot take a directory for temporary files: path={} reason={}", path,
                    reason == EEXIST ? "another process has it" : std::strerror(reason)));
  }
  if (Status made = makePrivate(path); !made) {
    ::unlink(lock.c_str());
    return made;
  }
  return std::unique_ptr<OwnedDirectory>(new OwnedDirectory(files, path, std::move(fd)));
}

int OwnedDirectory::sweep(FileSystem& files, const std::string& parent, const std::string& kind) {
  const auto entries = files.list(parent);
  if (!entries) return 0;
  int removed = 0;
  const std::string prefix = fmt::format("{}/{}-", parent, kind);
  for (const FileStatus& entry : *entries) {
    if (!entry.path.starts_with(prefix) || !entry.path.ends_with(kLockSuffix)) continue;
    const std::string directory = entry.path.substr(0, entry.path.size() - kLockSuffix.size());
    removed += removeLeftover(files, directory) ? 1 : 0;
  }
  return removed;
}

OwnedDirectory::~OwnedDirectory() {
  if (const Status removed = files_.removeAll(path_); !removed.isOk()) {
    FLINK_WARN(kLog, "cannot remove temporary files path={} reason={}", path_, removed.toString());
    return;  // the lock file stays for a later sweep
  }
  ::unlink(lockOf(path_).c_str());
}

}  // namespace flink::fs
