#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/base/rng.h"

namespace flink::rest {

/// One uploaded job library. `id` is `<uuid>_<file name>`, made here.
struct UploadedJar {
  std::string id;
  std::string name;
  std::int64_t uploadedMs = 0;
  std::string path;
};

/// Keeps uploaded job libraries in one directory. Ids that come from clients are looked up in the
/// directory's listing and never joined into a path. A library is listed once it is complete.
/// Thread: any.
class JarStore {
 public:
  JarStore(FileSystem& files, const Clock& clock, Rng& rng, std::string directory);
  /// `name` is the client's file name; only its last path segment is kept. Errors:
  /// kInvalidArgument, file errors.
  Result<UploadedJar> add(const std::string& name, std::string_view content);
  Result<std::vector<UploadedJar>> list();
  /// Errors: kNotFound.
  Result<UploadedJar> find(const std::string& id);
  Status remove(const std::string& id);

 private:
  Status write(const std::string& path, std::string_view content);

  FileSystem& files_;
  const Clock& clock_;
  Rng& rng_;
  std::string directory_;
};

/// The one file of a multipart/form-data body. Errors: kInvalidArgument.
struct UploadedFile {
  std::string fileName;
  std::string_view content;  ///< points into the body
};
Result<UploadedFile> parseMultipartFile(std::string_view contentType, std::string_view body);

}  // namespace flink::rest
