#include "core/base/current_code.h"

namespace flink {

constinit thread_local CurrentCode currentCode;

}  // namespace flink
