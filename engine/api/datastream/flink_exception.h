#pragma once

#include "dataflow/operators/operator_failure.h"

namespace flink {

/// What the API throws at a program: its mistake, or the failure of something it asked for;
/// status() has the error.
using FlinkException = operators::OperatorFailure;

/// A job that was waited for did not finish.
class JobExecutionException : public FlinkException {
 public:
  using FlinkException::FlinkException;
};

}  // namespace flink
