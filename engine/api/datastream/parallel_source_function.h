#pragma once

#include "dataflow/operators/source_function.h"

namespace flink {

/// A SourceFunction that may run in several subtasks; each emits what getRuntimeContext()'s index
/// says is its part.
template <class T>
class ParallelSourceFunction : public SourceFunction<T> {};

template <class T>
class RichParallelSourceFunction : public RichFunction, public ParallelSourceFunction<T> {};

}  // namespace flink
