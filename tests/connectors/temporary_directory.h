#pragma once

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/fs/local_file_system.h"

namespace flink::connectors {

/// A directory that lives as long as its test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : files_(fs::makeLocalFileSystem()) {
    std::string pattern = "/tmp/flink-connectors-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = pattern;
  }
  ~TemporaryDirectory() { (void)files_->removeAll(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] std::string path(std::string_view name = "") const {
    return name.empty() ? path_ : path_ + "/" + std::string(name);
  }
  [[nodiscard]] FileSystem& files() const { return *files_; }

  void write(std::string_view name, std::string_view content) const {
    auto file = files_->openWrite(path(name));
    if (!file || !(*file)->append(asBytes(content)) || !(*file)->close())
      throw std::runtime_error("cannot write");
  }
  [[nodiscard]] std::string read(std::string_view name) const {
    auto file = files_->openRead(path(name));
    if (!file) throw std::runtime_error(file.status().toString());
    std::string content((*file)->size(), '\0');
    (void)(*file)->readAt(0, std::as_writable_bytes(std::span(content.data(), content.size())));
    return content;
  }

 private:
  std::unique_ptr<FileSystem> files_;
  std::string path_;
};

}  // namespace flink::connectors
