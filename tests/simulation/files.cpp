#include "tests/simulation/files.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "core/base/error_codes.h"

namespace flink::simulation {
namespace {

constexpr Duration kLongestSync = std::chrono::milliseconds(2);
constexpr Duration kLongestAccess = std::chrono::microseconds(50);

std::string normalized(const std::string& path) {
  constexpr std::string_view kScheme = "file:";
  std::string plain = path.starts_with(kScheme) ? path.substr(kScheme.size()) : path;
  std::string result;
  for (const char c : plain) {
    if (c == '/' && !result.empty() && result.back() == '/') continue;
    result.push_back(c);
  }
  while (result.size() > 1 && result.back() == '/') result.pop_back();
  return result;
}

std::string parentOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

Status notFound(const std::string& path) {
  return {ErrorCode::kFileNotFound, "no such file: path=" + path};
}
Status gone(const std::string& path) {
  return {ErrorCode::kFileIo, "the process is dead: path=" + path};
}

}  // namespace

class SharedDisk::Reader final : public ReadableFile {
 public:
  explicit Reader(FileRef file) : file_(std::move(file)) {}
  Result<std::size_t> readAt(std::uint64_t offset, MutableByteView out) override {
    if (offset >= file_->content.size()) return std::size_t{0};
    const std::size_t size = std::min<std::size_t>(out.size(), file_->content.size() - offset);
    std::memcpy(out.data(), file_->content.data() + offset, size);
    return size;
  }
  [[nodiscard]] std::uint64_t size() const override { return file_->content.size(); }

 private:
  const FileRef file_;
};

class SharedDisk::Writer final : public WritableFile {
 public:
  Writer(SharedDisk& disk, ProcessRef process, std::string path, FileRef file)
      : disk_(disk), process_(std::move(process)), path_(std::move(path)), file_(std::move(file)) {}
  Status append(ByteView data) override {
    if (!process_->alive) return gone(path_);
    if (disk_.full_) return {ErrorCode::kFileIo, "no space left on device: path=" + path_};
    file_->content.append(asText(data));
    file_->writer = process_->host;
    return Status::ok();
  }
  Status flush() override { return process_->alive ? Status::ok() : gone(path_); }
  Status sync() override {
    if (!process_->alive) return gone(path_);
    disk_.kernel_.spend(disk_.kernel_.upTo(kLongestSync));
    file_->synced = file_->content.size();
    return Status::ok();
  }
  Status close() override { return flush(); }

 private:
  SharedDisk& disk_;
  const ProcessRef process_;
  const std::string path_;
  const FileRef file_;
};

class SharedDisk::View final : public FileSystem {
 public:
  View(SharedDisk& disk, ProcessRef process) : disk_(disk), process_(std::move(process)) {}

  Result<std::unique_ptr<ReadableFile>> openRead(const std::string& name) override {
    const std::string path = enter(name);
    if (!process_->alive) return gone(path);
    const auto found = disk_.files_.find(path);
    if (found == disk_.files_.end()) return notFound(path);
    return std::unique_ptr<ReadableFile>(std::make_unique<Reader>(found->second));
  }
  Result<std::unique_ptr<WritableFile>> openWrite(const std::string& name, bool append) override {
    const std::string path = enter(name);
    if (!process_->alive) return gone(path);
    if (disk_.isDirectory(path)) return Status(ErrorCode::kFileIo, "is a directory: path=" + path);
    if (disk_.full_) return Status(ErrorCode::kFileIo, "no space left on device: path=" + path);
    makeDirectories(parentOf(path));
    const auto found = disk_.files_.find(path);
    auto file = found != disk_.files_.end() && append ? found->second : std::make_shared<File>();
    file->modifiedMs = disk_.kernel_.clock().wallMs();
    if (found == disk_.files_.end() || !append) disk_.change(process_->host, path, file);
    return std::unique_ptr<WritableFile>(std::make_unique<Writer>(disk_, process_, path, file));
  }
  Result<FileStatus> status(const std::string& name) override {
    const std::string path = enter(name);
    if (!process_->alive) return gone(path);
    if (disk_.isDirectory(path)) return FileStatus{path, 0, 0, true};
    const auto found = disk_.files_.find(path);
    if (found == disk_.files_.end()) return notFound(path);
    return statusOf(*found);
  }
  Result<std::vector<FileStatus>> list(const std::string& name) override {
    const std::string path = enter(name);
    if (!process_->alive) return gone(path);
    if (!disk_.isDirectory(path)) return notFound(path);
    std::vector<FileStatus> found;
    for (const auto& file : disk_.files_) {
      if (parentOf(file.first) == path) found.push_back(statusOf(file));
    }
    for (const auto& directory : disk_.directories_) {
      if (directory != path && parentOf(directory) == path)
        found.push_back({directory, 0, 0, true});
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    return found;
  }
  Status createDirectories(const std::string& name) override {
    const std::string path = enter(name);
    if (!process_->alive) return gone(path);
    makeDirectories(path);
    return Status::ok();
  }
  Status rename(const std::string& fromName, const std::string& toName) override {
    const std::string from = enter(fromName), to = enter(toName);
    if (!process_->alive) return gone(from);
    const auto found = disk_.files_.find(from);
    if (found == disk_.files_.end()) return notFound(from);
    const FileRef file = found->second;
    disk_.change(process_->host, to, file);
    disk_.change(process_->host, from, nullptr);
    return Status::ok();
  }
  Status removeAll(const std::string& name) override {
    const std::string path = enter(name);
    if (!process_->alive) return gone(path);
    std::vector<std::string> files;
    for (const auto& [file, content] : disk_.files_) {
      if (file == path || file.starts_with(path + "/")) files.push_back(file);
    }
    for (const auto& file : files) disk_.change(process_->host, file, nullptr);
    std::erase_if(disk_.directories_, [&](const std::string& directory) {
      return directory == path || directory.starts_with(path + "/");
    });
    return Status::ok();
  }
  Status syncDirectory(const std::string& name) override {
    const std::string path = enter(name);
    if (!process_->alive) return gone(path);
    disk_.kernel_.spend(disk_.kernel_.upTo(kLongestSync));
    std::erase_if(disk_.undo_, [&](const Undo& undo) { return parentOf(undo.path) == path; });
    return Status::ok();
  }

 private:
  std::string enter(const std::string& name) {
    disk_.kernel_.spend(disk_.kernel_.upTo(kLongestAccess));
    return normalized(name);
  }
  static FileStatus statusOf(const std::pair<const std::string, FileRef>& file) {
    return {file.first, file.second->content.size(), file.second->modifiedMs, false};
  }
  void makeDirectories(const std::string& path) {
    for (std::string at = path; at != "/"; at = parentOf(at)) disk_.directories_.insert(at);
  }

  SharedDisk& disk_;
  const ProcessRef process_;
};

std::unique_ptr<FileSystem> SharedDisk::view(const ProcessRef& process) {
  return std::make_unique<View>(*this, process);
}

void SharedDisk::change(int host, const std::string& path, FileRef to) {
  const auto found = files_.find(path);
  undo_.push_back({host, path, found == files_.end() ? nullptr : found->second});
  if (to == nullptr) {
    if (found != files_.end()) files_.erase(found);
  } else {
    if (path.ends_with("/_metadata")) ++published_;
    files_[path] = std::move(to);
  }
}

bool SharedDisk::isDirectory(const std::string& path) const {
  return directories_.contains(path);
}

void SharedDisk::powerFailure(int host) {
  // A journal: the changes of names up to some point are there, those after it are not.
  std::vector<std::size_t> ofHost;
  for (std::size_t i = 0; i < undo_.size(); ++i) {
    if (undo_[i].host == host) ofHost.push_back(i);
  }
  const std::size_t kept = kernel_.below(ofHost.size() + 1);
  for (std::size_t i = ofHost.size(); i > kept; --i) {
    const Undo& undo = undo_[ofHost[i - 1]];
    if (undo.before == nullptr) {
      files_.erase(undo.path);
    } else {
      files_[undo.path] = undo.before;
    }
  }
  std::erase_if(undo_, [&](const Undo& undo) { return undo.host == host; });
  for (const auto& [path, file] : files_) {
    if (file->writer != host || file->synced == file->content.size()) continue;
    file->content.resize(file->synced + kernel_.below(file->content.size() - file->synced + 1));
    file->synced = file->content.size();
  }
}

std::set<std::string> SharedDisk::paths() const {
  std::set<std::string> result;
  for (const auto& [path, file] : files_) result.insert(path);
  return result;
}

}  // namespace flink::simulation
