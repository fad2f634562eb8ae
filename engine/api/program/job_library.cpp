#include "api/program/job_library.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "core/base/error_codes.h"
#include "core/base/mutex.h"

namespace flink::program {

namespace {

/// Programs by the library they came with (null: the executable). Loading is serialized:
/// registrations that arrive while a library's initializers run are its own.
struct Registry {
  Mutex loading;
  std::vector<RegisteredJob> linked;
  std::vector<RegisteredJob>* arriving = nullptr;
  std::map<void*, std::vector<RegisteredJob>> byLibrary;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

Result<std::string> readLibrary(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return {ErrorCode::kFileNotFound,
            fmt::format("cannot read the job library: {}: file={}", std::strerror(errno), path)};
  return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Reads the tag from the file, so that nothing of a foreign library runs.
Status checkTag(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return {ErrorCode::kProgramInvalid,
            fmt::format("not a job library: it is a directory: path={}", path)};
  }
  FLINK_ASSIGN_OR_RETURN(const std::string content, readLibrary(path));
  const std::size_t at = content.find(FLINK_ABI_MARK);
  if (at == std::string::npos || !content.starts_with("\x7f"
                                                      "ELF")) {
    return {ErrorCode::kProgramInvalid,
            fmt::format("not a job library: it has no FLINK_JOB: file={}", path)};
  }
  const std::string tag(content.c_str() + at + std::strlen(FLINK_ABI_MARK));
  if (tag == FLINK_ABI_TAG) return Status::ok();
  return {
      ErrorCode::kAbiMismatch,
      fmt::format(
          "the job library was built for another engine: file={} built for \"{}\" engine \"{}\"",
          path, tag, FLINK_ABI_TAG)};
}

}  // namespace

JobRegistration::JobRegistration(const char* /*tag*/, const char* name, JobFunction run) {
  Registry& all = registry();
  (all.arriving != nullptr ? *all.arriving : all.linked).push_back({name, run});
}

Result<std::vector<RegisteredJob>> loadJobLibrary(const std::string& path) {
  FLINK_RETURN_IF_ERROR(checkTag(path));
  Registry& all = registry();
  const MutexLock lock(all.loading);
  std::vector<RegisteredJob> arriving;
  all.arriving = &arriving;
  // A path without a slash would be searched in the system's library folders.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  all.arriving = nullptr;
  if (handle == nullptr) {
    return {ErrorCode::kProgramInvalid,
            fmt::format("the job library cannot be loaded: {}", ::dlerror())};
  }
  return all.byLibrary.try_emplace(handle, std::move(arriving)).first->second;
}

Result<std::vector<std::string>> jobNamesInFile(const std::string& path) {
  FLINK_ASSIGN_OR_RETURN(const std::string content, readLibrary(path));
  std::vector<std::string> names;
  const std::string_view mark = FLINK_JOB_MARK;
  for (std::size_t at = 0; (at = content.find(mark, at)) != std::string::npos;) {
    at += mark.size();
    const std::string name(content.c_str() + at);
    const bool known = std::find(names.begin(), names.end(), name) != names.end();
    if (!name.empty() && !known) names.push_back(name);
  }
  return names;
}

std::vector<RegisteredJob> linkedJobs() {
  return registry().linked;
}

Result<RegisteredJob> findJob(const std::vector<RegisteredJob>& jobs, std::string_view entry,
                              std::string_view library) {
  std::vector<std::string> names;
  for (const RegisteredJob& job : jobs) {
    if (job.name == entry || (entry.empty() && jobs.size() == 1)) return job;
    names.push_back("\"" + job.name + "\"");
  }
  if (entry.empty()) {
    return {ErrorCode::kProgramInvalid,
            fmt::format("the library holds several jobs; choose one with -c: library={} jobs={}",
                        library, fmt::join(names, ", "))};
  }
  return {ErrorCode::kProgramInvalid,
          fmt::format("the library has no job of that name: entry={} library={} jobs={}", entry,
                      library, fmt::join(names, ", "))};
}

}  // namespace flink::program
