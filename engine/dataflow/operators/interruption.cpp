#include "dataflow/operators/interruption.h"

namespace flink::operators {
namespace {

constinit const std::atomic<bool> kNever{false};

}  // namespace

constinit thread_local CurrentInterruption currentInterruption{&kNever, nullptr, false};

}  // namespace flink::operators
