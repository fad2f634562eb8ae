#pragma once

#include "core/base/log.h"

namespace flink::worker {

inline Logger kLog{"flink.worker"};

}  // namespace flink::worker
