#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/error_codes.h"
#include "core/base/fs.h"

namespace flink::checkpoint {

/// Files in memory. Remembers every call that changes something or asks for a file's status, and
/// fails one of them on demand. Thread: one.
class InMemoryFileSystem final : public FileSystem {
 public:
  /// The call with this number (from 0) reports an I/O error and has no effect.
  void failCall(std::size_t number) { failing_ = number; }
  [[nodiscard]] const std::vector<std::string>& calls() const { return calls_; }
  [[nodiscard]] const std::map<std::string, std::string>& contents() const { return contents_; }

  Result<std::unique_ptr<ReadableFile>> openRead(const std::string& path) override {
    const auto it = contents_.find(path);
    if (it == contents_.end()) return missing(path);
    return std::unique_ptr<ReadableFile>(std::make_unique<Reader>(it->second, openToken_));
  }
  /// Files that are open for reading.
  [[nodiscard]] long numOpenToRead() const { return openToken_.use_count() - 1; }
  Result<std::unique_ptr<WritableFile>> openWrite(const std::string& path, bool append) override {
    FLINK_RETURN_IF_ERROR(call("open " + path));
    std::string& content = contents_[path];
    if (!append) content.clear();
    return std::unique_ptr<WritableFile>(std::make_unique<Writer>(*this, content));
  }
  Result<FileStatus> status(const std::string& path) override {
    FLINK_RETURN_IF_ERROR(call("status " + path));
    if (const auto it = contents_.find(path); it != contents_.end())
      return FileStatus{path, it->second.size(), 0, false};
    if (directories_.contains(path)) return FileStatus{path, 0, 0, true};
    return missing(path);
  }
  Result<std::vector<FileStatus>> list(const std::string& directory) override {
    const std::string prefix = directory + "/";
    std::map<std::string, FileStatus> children;
    const auto add = [&](const std::string& path, std::uint64_t size, bool isDirectory) {
      if (!path.starts_with(prefix)) return;
      const std::size_t slash = path.find('/', prefix.size());
      const std::string child = path.substr(0, slash);
      const bool below = slash != std::string::npos;
      children[child] = {child, below ? 0 : size, 0, below || isDirectory};
    };
    for (const auto& [path, content] : contents_) add(path, content.size(), false);
    for (const std::string& path : directories_) add(path, 0, true);
    std::vector<FileStatus> result;
    for (const auto& [path, child] : children) result.push_back(child);
    return result;
  }
  Status createDirectories(const std::string& path) override {
    FLINK_RETURN_IF_ERROR(call("mkdir " + path));
    directories_.insert(path);
    return Status::ok();
  }
  Status rename(const std::string& from, const std::string& to) override {
    FLINK_RETURN_IF_ERROR(call("rename " + from + " " + to));
    if (!contents_.contains(from)) return missing(from);
    contents_[to] = std::move(contents_[from]);
    contents_.erase(from);
    return Status::ok();
  }
  Status removeAll(const std::string& path) override {
    FLINK_RETURN_IF_ERROR(call("remove " + path));
    const auto gone = [&](const std::string& other) {
      return other == path || other.starts_with(path + "/");
    };
    std::erase_if(contents_, [&](const auto& entry) { return gone(entry.first); });
    std::erase_if(directories_, gone);
    return Status::ok();
  }
  Status syncDirectory(const std::string& path) override { return call("syncDirectory " + path); }

 private:
  class Reader final : public ReadableFile {
   public:
    Reader(std::string content, std::shared_ptr<const int> token)
        : content_(std::move(content)), token_(std::move(token)) {}
    Result<std::size_t> readAt(std::uint64_t offset, MutableByteView out) override {
      if (offset >= content_.size()) return std::size_t{0};
      const std::size_t size = std::min<std::size_t>(out.size(), content_.size() - offset);
      std::memcpy(out.data(), content_.data() + offset, size);
      return size;
    }
    [[nodiscard]] std::uint64_t size() const override { return content_.size(); }

   private:
    const std::string content_;
    const std::shared_ptr<const int> token_;
  };

  /// Nodes of a map stay where they are, so the content may be written through a reference until
  /// the file is renamed or removed, which comes after close().
  class Writer final : public WritableFile {
   public:
    Writer(InMemoryFileSystem& files, std::string& content) : files_(files), content_(content) {}
    Status append(ByteView data) override {
      FLINK_RETURN_IF_ERROR(files_.call("append " + std::to_string(data.size())));
      content_.append(asText(data));
      return Status::ok();
    }
    Status flush() override { return files_.call("flush"); }
    Status sync() override { return files_.call("sync"); }
    Status close() override { return files_.call("close"); }

   private:
    InMemoryFileSystem& files_;
    std::string& content_;
  };

  static Status missing(const std::string& path) {
    return {ErrorCode::kFileNotFound, "no such file: " + path};
  }
  Status call(std::string text) {
    calls_.push_back(std::move(text));
    if (calls_.size() - 1 != failing_) return Status::ok();
    return {ErrorCode::kFileIo, "injected: " + calls_.back()};
  }

  std::map<std::string, std::string> contents_;
  std::shared_ptr<const int> openToken_ = std::make_shared<const int>(0);
  std::set<std::string> directories_;
  std::vector<std::string> calls_;
  std::size_t failing_ = ~std::size_t{0};
};

}  // namespace flink::checkpoint
