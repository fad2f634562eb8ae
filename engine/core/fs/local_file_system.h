#pragma once

#include <memory>

#include "core/base/fs.h"

namespace flink::fs {

/// The files of this host: plain paths and `file:` URIs. Other schemes are refused with
/// kUnsupported.
std::unique_ptr<FileSystem> makeLocalFileSystem();

}  // namespace flink::fs
