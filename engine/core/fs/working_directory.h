#pragma once

#include <memory>
#include <string>

#include "core/base/fs.h"

namespace flink::fs {

/// The files of `base` as somebody names them whose working directory is `directory`: relative
/// paths begin there. Without a directory they are refused (kInvalidArgument), because they would
/// mean another place in every process. Lifetime: borrows `base`.
std::unique_ptr<FileSystem> makeFilesOfWorkingDirectory(FileSystem& base, std::string directory);

}  // namespace flink::fs
