#pragma once

/// FileSource for env.fromSource(), which can also look for new files; env.readTextFile() and
/// env.readFile() need nothing of this.
#include "connectors/file/file_source.h"

namespace flink {
using connectors::FileSource;
using connectors::FileSplit;
}  // namespace flink
