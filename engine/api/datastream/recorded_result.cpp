#include "api/datastream/recorded_result.h"

#include "core/types/serializer.h"

namespace flink::datastream {

std::string encode(const RecordedResult& result) {
  return types::serialize(result);
}

Result<RecordedResult> decodeRecordedResult(const std::string& bytes) {
  RecordedResult result;
  FLINK_RETURN_IF_ERROR(types::deserialize(asBytes(bytes), result));
  return result;
}

}  // namespace flink::datastream
