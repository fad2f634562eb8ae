#pragma once

#include <cstdint>
#include <string>

#include "cluster/protocol/messages.h"
#include "core/base/fs.h"
#include "core/base/result.h"

namespace flink::control {

/// A piece of a log for whoever asked with kReadLog: from `offset` on, counted from the end when it
/// is negative, at most `maxBytes` and never more than fits into one answer. Blocks. Errors: those
/// of the file system.
Result<protocol::ReadLogRequest::Response> readLogPiece(FileSystem& files, const std::string& path,
                                                        std::int64_t offset, std::int32_t maxBytes);

}  // namespace flink::control
