#include "cluster/rest/jar_store.h"

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/ids.h"

namespace flink::rest {

namespace {

constexpr std::size_t kUuidLength = 36;
constexpr std::size_t kMaxNameBytes = 200;

/// A random id in the usual 8-4-4-4-12 form.
std::string randomUuid(Rng& rng) {
  const std::string hex = Id<struct UuidTag>::random(rng).toHex();
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

std::string lastSegment(const std::string& path) {
  return path.substr(path.find_last_of("/\\") + 1);
}

}  // namespace

JarStore::JarStore(FileSystem& files, const Clock& clock, Rng& rng, std::string directory)
    : files_(files), clock_(clock), rng_(rng), directory_(std::move(directory)) {}

Result<UploadedJar> JarStore::add(const std::string& name, std::string_view content) {
  UploadedJar jar;
  jar.name = lastSegment(name);
  if (!jar.name.ends_with(".so") || jar.name.size() > kMaxNameBytes ||
      jar.name.find('\0') != std::string::npos) {
    return Status(
        ErrorCode::kInvalidArgument,
        "only job libraries (.so) with a name of at most 200 bytes are allowed: name=" + jar.name);
  }
  const std::string uuid = randomUuid(rng_);
  jar.id = uuid + "_" + jar.name;
  jar.path = directory_ + "/" + jar.id;
  jar.uploadedMs = clock_.wallMs();
  const std::string part = directory_ + "/part-" + uuid;  // no id: list() passes it over
  Status done = write(part, content);
  if (done) done = files_.rename(part, jar.path);
  if (done) return jar;
  static_cast<void>(files_.removeAll(part));  // what failed first is what the client hears
  return done;
}

Status JarStore::write(const std::string& path, std::string_view content) {
  FLINK_ASSIGN_OR_RETURN(auto file, files_.openWrite(path));
  FLINK_RETURN_IF_ERROR(file->append(asBytes(content)));
  return file->close();
}

Result<std::vector<UploadedJar>> JarStore::list() {
  std::vector<UploadedJar> jars;
  auto entries = files_.list(directory_);
  if (!entries) {
    if (entries.status().code() == ErrorCode::kFileNotFound) return jars;
    return std::move(entries).status();
  }
  for (const FileStatus& entry : *entries) {
    const std::string id = lastSegment(entry.path);
    if (entry.isDirectory || id.size() <= kUuidLength + 1 || id[kUuidLength] != '_') continue;
    jars.push_back({id, id.substr(kUuidLength + 1), entry.modifiedMs, entry.path});
  }
  return jars;
}

Result<UploadedJar> JarStore::find(const std::string& id) {
  FLINK_ASSIGN_OR_RETURN(std::vector<UploadedJar> jars, list());
  for (UploadedJar& jar : jars) {
    if (jar.id == id) return std::move(jar);
  }
  return Status(ErrorCode::kNotFound, "no uploaded job library has this id: id=" + id);
}

Status JarStore::remove(const std::string& id) {
  FLINK_ASSIGN_OR_RETURN(const UploadedJar jar, find(id));
  return files_.removeAll(jar.path);
}

Result<UploadedFile> parseMultipartFile(std::string_view contentType, std::string_view body) {
  const auto malformed = [](std::string_view why) {
    return Status(ErrorCode::kInvalidArgument,
                  "malformed multipart/form-data body: " + std::string(why));
  };
  const std::size_t at = contentType.find("boundary=");
  if (!contentType.starts_with("multipart/form-data") || at == std::string_view::npos) {
    return malformed("the request needs Content-Type multipart/form-data with a boundary");
  }
  std::string_view boundary = contentType.substr(at + 9);
  if (boundary.starts_with('"')) boundary = boundary.substr(1, boundary.find('"', 1) - 1);
  boundary = boundary.substr(0, boundary.find(';'));
  const std::string delimiter = "--" + std::string(boundary);
  if (boundary.empty() || !body.starts_with(delimiter))
    return malformed("it does not start with its boundary");
  const std::size_t headEnd = body.find("\r\n\r\n");
  if (headEnd == std::string_view::npos) return malformed("the part has no end of its headers");
  const std::string_view head = body.substr(0, headEnd);
  const std::size_t nameAt = head.find("filename=\"");
  if (nameAt == std::string_view::npos) return malformed("the part has no filename");
  const std::size_t nameEnd = head.find('"', nameAt + 10);
  if (nameEnd == std::string_view::npos) return malformed("the filename has no end");
  const std::size_t contentEnd = body.find("\r\n" + delimiter, headEnd + 4);
  if (contentEnd == std::string_view::npos)
    return malformed("the part does not end with its boundary");
  if (body.substr(contentEnd + 2 + delimiter.size(), 2) != "--")
    return malformed("exactly one file can be sent");
  return UploadedFile{std::string(head.substr(nameAt + 10, nameEnd - nameAt - 10)),
                      body.substr(headEnd + 4, contentEnd - headEnd - 4)};
}

}  // namespace flink::rest
