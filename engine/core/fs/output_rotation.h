#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"

namespace flink::fs {

/// Keeps the file behind one of this process's output descriptors (stdout, stderr) below a size:
/// once it has `maxBytes`, it becomes `<file>.1`, its predecessors `.2` and so on, of which
/// `maxFiles` are kept, and the descriptor goes on with a new file. Nothing that is written
/// meanwhile is lost. A descriptor that is no regular file is left alone. Thread: one at a time;
/// others may write.
Status rotateOutput(int descriptor, std::int64_t maxBytes, int maxFiles);

}  // namespace flink::fs
