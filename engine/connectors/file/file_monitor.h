#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/file/file_source.h"

namespace flink::connectors {

/// Finds files again and again, and deals out those that it has not seen. Its checkpoint has what
/// it has seen and what is not dealt out. `checkpoint`: where it goes on; null: at the beginning.
[[nodiscard]] std::unique_ptr<SplitEnumerator<FileSplit>> makeMonitoringEnumerator(
    std::vector<std::string> paths, bool recursive, FileMonitoring monitoring,
    SplitEnumeratorContext<FileSplit>& context, const std::string* checkpoint);

}  // namespace flink::connectors
