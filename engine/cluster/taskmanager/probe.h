#pragma once

#include "core/base/log.h"

namespace flink::taskmanager {

inline Logger kLog{"flink.taskmanager"};

}  // namespace flink::taskmanager
