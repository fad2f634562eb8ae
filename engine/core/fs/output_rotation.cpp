#include "core/fs/output_rotation.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/process.h"

namespace flink::fs {
namespace {

Status failed(std::string_view what, const std::string& path) {
  return {ErrorCode::kFileIo,
          fmt::format("{}: path={} reason={}", what, path, std::strerror(errno))};
}

/// The path that an open descriptor has now; empty when it has none.
std::string pathOf(int descriptor) {
  char path[PATH_MAX];
  const ssize_t size =
      ::readlink(fmt::format("/proc/self/fd/{}", descriptor).c_str(), path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

Status rotateOutput(int descriptor, std::int64_t maxBytes, int maxFiles) {
  struct stat file {};
  if (::fstat(descriptor, &file) != 0 || !S_ISREG(file.st_mode) || file.st_nlink == 0 ||
      file.st_size < maxBytes)
    return Status::ok();
  const std::string path = pathOf(descriptor);
  if (path.empty()) return Status::ok();
  for (int i = maxFiles; i > 1; --i)  // a missing one is no mistake
    ::rename(fmt::format("{}.{}", path, i - 1).c_str(), fmt::format("{}.{}", path, i).c_str());
  if (::rename(path.c_str(), (path + ".1").c_str()) != 0)
    return failed("cannot rotate an output file", path);
  const OwnedFd next(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!next.valid() || ::dup2(next.get(), descriptor) < 0)
    return failed("cannot begin a new output file", path);
  return Status::ok();
}

}  // namespace flink::fs
