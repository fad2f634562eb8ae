#pragma once

#include "core/base/status_exception.h"

namespace flink::operators {

/// Carries an engine error out of an operator to the task, which reports status() as the reason of
/// its failure. Operators have no other way out: their calls are batches, not results.
using OperatorFailure = StatusException;
using flink::throwIfError;
using flink::valueOrThrow;

}  // namespace flink::operators
