#include "connectors/file/path_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error_codes.h"

namespace flink::connectors {

namespace {

constexpr std::string_view kWildcards = "*?[";

std::string_view nameOf(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

bool isHidden(std::string_view path) {
  const std::string_view name = nameOf(path);
  return name.starts_with('.') || name.starts_with('_');
}

/// Matches `[...]` at the pattern's start; the rest of the pattern, or nothing when `c` is not in
/// the set.
std::optional<std::string_view> matchSet(std::string_view pattern, char c) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  for (std::size_t first = i; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
    const char low = pattern[i];
    char high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = pattern[i + 2];
      i += 2;
    }
    found = found || (low <= c && c <= high);
  }
  if (i >= pattern.size() || found == negated) return std::nullopt;
  return pattern.substr(i + 1);
}

Status collect(FileSystem& files, const FileStatus& at, bool recursive,
               std::vector<FileStatus>& found) {
  if (!at.isDirectory) {
    found.push_back(at);
    return Status::ok();
  }
  FLINK_ASSIGN_OR_RETURN(const auto children, files.list(at.path));
  for (const FileStatus& child : children) {
    if (isHidden(child.path) || (child.isDirectory && !recursive)) continue;
    FLINK_RETURN_IF_ERROR(collect(files, child, recursive, found));
  }
  return Status::ok();
}

/// Everything that fits `pattern` component by component, from `from` on.
Status expand(FileSystem& files, const std::string& from, std::string_view pattern,
              std::vector<FileStatus>& found) {
  const std::size_t start = pattern.find_first_not_of('/');
  if (start == std::string_view::npos) {
    FLINK_ASSIGN_OR_RETURN(auto status, files.status(from));
    found.push_back(std::move(status));
    return Status::ok();
  }
  const std::size_t end = std::min(pattern.find('/', start), pattern.size());
  const std::string_view component = pattern.substr(start, end - start);
  const std::string_view rest = pattern.substr(end);
  const std::string prefix = from.empty() || from.ends_with('/') ? from : from + "/";
  if (component.find_first_of(kWildcards) == std::string_view::npos) {
    const std::string next = prefix + std::string(component);
    if (!files.status(next).isOk()) return Status::ok();
    return expand(files, next, rest, found);
  }
  auto children = files.list(from.empty() ? "." : from);
  if (!children) return Status::ok();  // no directory: nothing below it fits
  for (const FileStatus& child : *children) {
    const std::string_view name = nameOf(child.path);
    if (!matchesPattern(component, name)) continue;
    if (isHidden(name) && !component.starts_with(name[0])) continue;
    FLINK_RETURN_IF_ERROR(expand(files, prefix + std::string(name), rest, found));
  }
  return Status::ok();
}

}  // namespace

bool matchesPattern(std::string_view pattern, std::string_view name) {
  std::string_view retryPattern;
  std::string_view retryName;
  bool canRetry = false;
  while (!name.empty() || !pattern.empty()) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      retryPattern = pattern;
      retryName = name;
      canRetry = true;
      continue;
    }
    if (!name.empty() && !pattern.empty()) {
      std::optional<std::string_view> rest;
      if (pattern[0] == '[') rest = matchSet(pattern, name[0]);
      if (pattern[0] == '?' || pattern[0] == name[0]) rest = pattern.substr(1);
      if (rest) {
        pattern = *rest;
        name.remove_prefix(1);
        continue;
      }
    }
    if (!canRetry || retryName.empty()) return false;
    retryName.remove_prefix(1);
    name = retryName;
    pattern = retryPattern;
  }
  return true;
}

Result<std::vector<FileStatus>> listFiles(FileSystem& files, const std::string& path,
                                          bool recursive) {
  std::vector<FileStatus> roots;
  auto literal = files.status(path);
  if (literal) {
    roots.push_back(std::move(*literal));
  } else if (path.find_first_of(kWildcards) == std::string::npos ||
             literal.status().code() == ErrorCode::kInvalidArgument ||
             literal.status().code() == ErrorCode::kUnsupported) {
    return std::move(literal).status();
  } else {
    constexpr std::string_view kScheme = "file:";
    const std::string_view plain =
        std::string_view(path).substr(path.starts_with(kScheme) ? kScheme.size() : 0);
    FLINK_RETURN_IF_ERROR(expand(files, plain.starts_with('/') ? "/" : "", plain, roots));
  }
  std::vector<FileStatus> found;
  for (const FileStatus& root : roots)
    FLINK_RETURN_IF_ERROR(collect(files, root, recursive, found));
  if (found.empty() && !literal) {
    return {ErrorCode::kFileNotFound, fmt::format("no file fits the pattern: path={}", path)};
  }
  std::sort(found.begin(), found.end(),
            [](const FileStatus& a, const FileStatus& b) { return a.path < b.path; });
  return found;
}

}  // namespace flink::connectors
