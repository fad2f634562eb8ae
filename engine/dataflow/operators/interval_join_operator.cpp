#include "dataflow/operators/interval_join_operator.h"

#include "core/base/error_codes.h"
#include "dataflow/operators/operator_failure.h"

namespace flink::operators {

void throwJoinWithoutTimestamp() {
  throw OperatorFailure(
      Status(ErrorCode::kRecordWithoutTimestamp,
             "Long.MIN_VALUE timestamp: Elements used in interval stream joins need to have "
             "timestamps meaningful timestamps."));
}

}  // namespace flink::operators
