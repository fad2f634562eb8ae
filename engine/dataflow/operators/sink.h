#pragma once

#include <concepts>
#include <memory>

#include "core/types/stream_time.h"
#include "dataflow/operators/functions.h"

namespace flink {

/// What a sink writer may know of its task.
class WriterInitContext {
 public:
  WriterInitContext(RuntimeContext& runtime, operators::OperatorContext& context)
      : runtime_(runtime), context_(context) {}
  [[nodiscard]] RuntimeContext& getRuntimeContext() const { return runtime_; }
  [[nodiscard]] metrics::MetricGroup& metricGroup() const { return runtime_.getMetricGroup(); }
  /// The engine's side: files, clock, directories. For connectors.
  [[nodiscard]] operators::OperatorContext& operatorContext() const { return context_; }

 private:
  RuntimeContext& runtime_;
  operators::OperatorContext& context_;
};

/// Writes the records of one subtask. Failures are thrown.
/// Lifetime: write → flush(true) at the end of input → close (also after failures).
template <class T>
class SinkWriter {
 public:
  /// Event time around an element.
  struct Context {
    types::Timestamp currentWatermark = types::kMinWatermark;
    types::Timestamp timestamp = types::kNoTimestamp;  ///< kNoTimestamp: the element has none
  };
  virtual ~SinkWriter() = default;
  virtual void write(const T& element, const Context& context) = 0;
  /// Makes what was written reach its destination. Called when input runs dry, before every
  /// checkpoint and, with endOfInput, after the last record.
  virtual void flush(bool endOfInput) = 0;
  virtual void close() {}
};

/// A destination. One object serves all subtasks; each gets a writer of its own.
/// Thread: createWriter from any thread.
template <class T>
class Sink {
 public:
  virtual ~Sink() = default;
  virtual std::unique_ptr<SinkWriter<T>> createWriter(WriterInitContext& context) const = 0;
};

/// The classic sink: invoke() per record. Any copyable object with invoke(const T&) or a call
/// operator serves.
template <class T>
class SinkFunction {
 public:
  virtual ~SinkFunction() = default;
  virtual void invoke(const T& value) = 0;
  /// After the last record, before the last checkpoint; not after failures.
  virtual void finish() {}
};

template <class T>
class RichSinkFunction : public RichFunction, public SinkFunction<T> {};

namespace operators {

template <class F, class T>
concept HasInvoke = requires(F& f, const T& value) {
  f.invoke(value);
};
template <class F, class T>
concept CallableSink =
    std::invocable<F&, const T&> || HasInvoke<F, T> || std::derived_from<F, SinkFunction<T>>;

template <class F, class T>
decltype(auto) callSink(F& f, const T& value) {
  if constexpr (std::invocable<F&, const T&>) {
    return f(value);
  } else if constexpr (HasInvoke<F, T>) {
    return f.invoke(value);
  } else {  // the class has other methods of that name, which hide it
    return static_cast<SinkFunction<T>&>(f).invoke(value);
  }
}

}  // namespace operators
}  // namespace flink
