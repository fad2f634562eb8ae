#include "core/types/serializer.h"

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::types {

Status corruptData(const ByteCursor& in, std::string_view what) {
  return {ErrorCode::kCorruptData,
          fmt::format("{} does not decode: {}: bytesLeft={}", what,
                      in.error == nullptr ? "unknown reason" : in.error, in.remaining())};
}

}  // namespace flink::types
