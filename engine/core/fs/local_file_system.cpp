#include "core/fs/local_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/process.h"

namespace flink::fs {
namespace {

constexpr std::size_t kWriteBufferBytes = 64 << 10;

std::string systemText(int error) {
  return std::error_code(error, std::generic_category()).message();
}

Status ioError(std::string_view what, const std::string& path, int error) {
  std::string text = fmt::format("{}: path={} error={}", what, path, systemText(error));
  switch (error) {
    case ENOENT:
      return {ErrorCode::kFileNotFound, std::move(text)};
    case EACCES:
    case EPERM:
    case EROFS:
      return {ErrorCode::kFileAccessDenied, std::move(text)};
    default:
      return {ErrorCode::kFileIo, std::move(text)};
  }
}

/// Repeats a system call that a signal interrupted.
template <class Call>
auto retried(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

/// The plain path of a path or `file:` URI.
Result<std::string> localPath(const std::string& path) {
  static constexpr std::string_view kScheme = "file:";
  if (path.starts_with(kScheme)) {
    std::string_view rest = std::string_view(path).substr(kScheme.size());
    if (rest.starts_with("//")) {  // an authority follows: empty or this host
      rest.remove_prefix(2);
      const std::size_t slash = rest.find('/');
      const std::string_view host = rest.substr(0, slash);
      if (slash == std::string_view::npos || (!host.empty() && host != "localhost")) {
        return Status(
            ErrorCode::kInvalidArgument,
            "a file URI names this host's files as file:/path or file:///path: uri=" + path);
      }
      rest.remove_prefix(slash);
    }
    return std::string(rest);
  }
  if (const std::size_t colon = path.find("://");
      colon != std::string::npos && path.find('/') == colon + 1) {
    return Status(ErrorCode::kUnsupported,
                  "no file system serves this scheme, use a path or a file: URI: scheme=" +
                      path.substr(0, colon) + " path=" + path);
  }
  if (path.empty()) return Status(ErrorCode::kInvalidArgument, "a path must not be empty");
  return path;
}

FileStatus toFileStatus(std::string path, const struct stat& raw) {
  FileStatus status;
  status.path = std::move(path);
  status.isDirectory = S_ISDIR(raw.st_mode);
  status.size = status.isDirectory ? 0 : static_cast<std::uint64_t>(raw.st_size);
  status.modifiedMs =
      static_cast<std::int64_t>(raw.st_mtim.tv_sec) * 1000 + raw.st_mtim.tv_nsec / 1'000'000;
  return status;
}

Result<FileStatus> statusOf(const std::string& path) {
  struct stat raw {};
  if (::stat(path.c_str(), &raw) != 0) return ioError("cannot read the file's status", path, errno);
  return toFileStatus(path, raw);
}

class LocalReadableFile final : public ReadableFile {
 public:
  LocalReadableFile(std::string path, OwnedFd fd, std::uint64_t size)
      : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}

  Result<std::size_t> readAt(std::uint64_t offset, MutableByteView out) override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t got = retried([&] {
        return ::pread(fd_.get(), out.data() + done, out.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (got < 0) return ioError("cannot read the file", path_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }
  [[nodiscard]] std::uint64_t size() const override { return size_; }

 private:
  const std::string path_;
  const OwnedFd fd_;
  const std::uint64_t size_;
};

class LocalWritableFile final : public WritableFile {
 public:
  LocalWritableFile(std::string path, OwnedFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  /// Whoever drops a file without close() does not want to know; its bytes are still handed over.
  ~LocalWritableFile() override { [[maybe_unused]] const Status status = close(); }

  Status append(ByteView data) override {
    if (!fd_.valid()) return ioError("cannot append to the closed file", path_, EBADF);
    if (buffer_.size() + data.size() > kWriteBufferBytes) FLINK_RETURN_IF_ERROR(flush());
    if (data.size() >= kWriteBufferBytes) return writeAll(data);
    if (buffer_.capacity() == 0) buffer_.reserve(kWriteBufferBytes);
    buffer_.append(asText(data));
    return Status::ok();
  }
  Status flush() override {
    if (buffer_.empty()) return Status::ok();
    Status status = writeAll(asBytes(buffer_));
    buffer_.clear();
    return status;
  }
  Status sync() override {
    FLINK_RETURN_IF_ERROR(flush());
    if (retried([&] { return ::fsync(fd_.get()); }) != 0)
      return ioError("cannot sync the file", path_, errno);
    return Status::ok();
  }
  Status close() override {
    if (!fd_.valid()) return Status::ok();
    Status status = flush();
    // Not repeated after EINTR: Linux has closed the descriptor by then.
    if (::close(fd_.release()) != 0 && errno != EINTR && status.isOk()) {
      status = ioError("cannot close the file", path_, errno);
    }
    return status;
  }

 private:
  Status writeAll(ByteView data) {
    while (!data.empty()) {
      const ssize_t put = retried([&] { return ::write(fd_.get(), data.data(), data.size()); });
      if (put < 0) return ioError("cannot write the file", path_, errno);
      data = data.subspan(static_cast<std::size_t>(put));
    }
    return Status::ok();
  }

  const std::string path_;
  OwnedFd fd_;
  std::string buffer_;
};

Status makeDirectories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? ioError("cannot create the directory", path, error.value()) : Status::ok();
}

class LocalFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<ReadableFile>> openRead(const std::string& path) override {
    FLINK_ASSIGN_OR_RETURN(const std::string local, localPath(path));
    OwnedFd fd(retried([&] { return ::open(local.c_str(), O_RDONLY | O_CLOEXEC); }));
    if (!fd.valid()) return ioError("cannot open the file", local, errno);
    struct stat raw {};
    if (::fstat(fd.get(), &raw) != 0) return ioError("cannot read the file's status", local, errno);
    if (S_ISDIR(raw.st_mode)) return ioError("cannot open the file", local, EISDIR);
    return std::unique_ptr<ReadableFile>(std::make_unique<LocalReadableFile>(
        local, std::move(fd), static_cast<std::uint64_t>(raw.st_size)));
  }

  Result<std::unique_ptr<WritableFile>> openWrite(const std::string& path, bool append) override {
    FLINK_ASSIGN_OR_RETURN(const std::string local, localPath(path));
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC);
    const auto open = [&] {
      return OwnedFd(retried([&] { return ::open(local.c_str(), flags, 0644); }));
    };
    OwnedFd fd = open();
    if (!fd.valid() && errno == ENOENT) {
      const std::string parent = std::filesystem::path(local).parent_path().string();
      if (!parent.empty()) FLINK_RETURN_IF_ERROR(makeDirectories(parent));
      fd = open();
    }
    if (!fd.valid()) return ioError("cannot open the file for writing", local, errno);
    return std::unique_ptr<WritableFile>(std::make_unique<LocalWritableFile>(local, std::move(fd)));
  }

  Result<FileStatus> status(const std::string& path) override {
    FLINK_ASSIGN_OR_RETURN(const std::string local, localPath(path));
    return statusOf(local);
  }

  Result<std::vector<FileStatus>> list(const std::string& directory) override {
    FLINK_ASSIGN_OR_RETURN(const std::string local, localPath(directory));
    const std::unique_ptr<DIR, int (*)(DIR*)> handle(::opendir(local.c_str()), &::closedir);
    if (handle == nullptr) return ioError("cannot list the directory", local, errno);
    const std::string prefix = local.ends_with('/') ? local : local + "/";
    std::vector<FileStatus> children;
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(handle.get());
      if (entry == nullptr) {
        if (errno != 0) return ioError("cannot list the directory", local, errno);
        break;
      }
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      Result<FileStatus> child = statusOf(prefix + std::string(name));
      // A child that vanished meanwhile, or a link to nowhere, is not there for anybody else
      // either.
      if (!child.isOk() && child.status().code() == ErrorCode::kFileNotFound) continue;
      if (!child.isOk()) return std::move(child).status();
      children.push_back(std::move(child).value());
    }
    std::sort(children.begin(), children.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    return children;
  }

  Status createDirectories(const std::string& path) override {
    FLINK_ASSIGN_OR_RETURN(const std::string local, localPath(path));
    return makeDirectories(local);
  }

  Status rename(const std::string& from, const std::string& to) override {
    FLINK_ASSIGN_OR_RETURN(const std::string source, localPath(from));
    FLINK_ASSIGN_OR_RETURN(const std::string target, localPath(to));
    if (::rename(source.c_str(), target.c_str()) != 0)
      return ioError("cannot rename to " + target, source, errno);
    return Status::ok();
  }

  Status removeAll(const std::string& path) override {
    FLINK_ASSIGN_OR_RETURN(const std::string local, localPath(path));
    std::error_code error;
    std::filesystem::remove_all(local, error);
    return error ? ioError("cannot remove", local, error.value()) : Status::ok();
  }

  Status syncDirectory(const std::string& path) override {
    FLINK_ASSIGN_OR_RETURN(const std::string local, localPath(path));
    const OwnedFd fd(
        retried([&] { return ::open(local.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (!fd.valid()) return ioError("cannot open the directory", local, errno);
    if (retried([&] { return ::fsync(fd.get()); }) != 0)
      return ioError("cannot sync the directory", local, errno);
    return Status::ok();
  }
};

}  // namespace

std::unique_ptr<FileSystem> makeLocalFileSystem() {
  return std::make_unique<LocalFileSystem>();
}

}  // namespace flink::fs
