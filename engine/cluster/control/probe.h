#pragma once

#include "core/base/log.h"

/// Loggers of the control plane.
namespace flink::control {

inline Logger kRpcLog{"flink.cluster.control.rpc"};
inline Logger kTransportLog{"flink.cluster.control.transport"};
inline Logger kBlobLog{"flink.cluster.control.blob"};

}  // namespace flink::control
