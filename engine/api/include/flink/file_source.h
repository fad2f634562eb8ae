#pragma once

/// FileSource for env.fromSource(); env.readTextFile() needs nothing of this.
#include "connectors/file/file_source.h"

namespace flink {
using connectors::FileSource;
using connectors::FileSplit;
}  // namespace flink
