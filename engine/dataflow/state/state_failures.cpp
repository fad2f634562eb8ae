#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/status_exception.h"
#include "dataflow/state/keyed_state.h"
#include "dataflow/state/state_failures.h"

namespace flink::state {

void throwEmptyHandle() {
  throw StatusException({ErrorCode::kStateNotInitialized,
                         "an empty state handle was used: get the state from the runtime context "
                         "in open() and assign it"});
}

void throwNullValue(const char* message) {
  throw StatusException({ErrorCode::kInvalidArgument, message});
}

void throwCannotMerge(const std::string& stateName) {
  throw StatusException(
      {ErrorCode::kUnsupported,
       fmt::format("the aggregate function has no merge(), which merging windows need: state={}",
                   stateName)});
}

void throwNoKey(const std::string& stateName) {
  throw StatusException(
      {ErrorCode::kStateNoKey,
       fmt::format("No key set. This method should not be called outside of a keyed context: "
                   "state={}",
                   stateName)});
}

}  // namespace flink::state
