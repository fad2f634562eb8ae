#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"

namespace flink::connectors {

/// True when `name` fits `pattern`: `*` any characters, `?` one, `[a-z]` and `[!a-z]` one of a set.
/// No character crosses a '/'.
[[nodiscard]] bool matchesPattern(std::string_view pattern, std::string_view name);

/// The files behind a path: the file itself, the files of a directory (with `recursive` those below
/// it too), or everything that fits a pattern. Files and directories whose name starts with '.' or
/// '_' are left out unless the path names them. Sorted by path.
/// Errors: kFileNotFound when nothing fits.
Result<std::vector<FileStatus>> listFiles(FileSystem& files, const std::string& path,
                                          bool recursive);

}  // namespace flink::connectors
