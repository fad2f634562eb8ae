#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/metrics/registry.h"
#include "dataflow/operators/operator.h"
#include "dataflow/operators/source.h"

namespace flink::operators {

/// What a source says of its reading: Flink's InternalSourceReaderMetricGroup. A reader that counts
/// bytes or skips records does so under numBytesIn and numRecordsInErrors of its operator's group.
/// Thread: the task's step.
class SourceMetrics {
 public:
  /// Before the others.
  void open(const OperatorContext& context);

  /// Polls the reader: a failure is a record that could not be read.
  template <class Reader, class Output>
  InputStatus poll(Reader& reader, Output& output, std::size_t maxRecords) {
    try {
      const InputStatus status = reader.pollNext(output, maxRecords);
      setIdle(status == InputStatus::kNothingAvailable);
      return status;
    } catch (...) {
      recordsInErrors_->inc();
      throw;
    }
  }

 private:
  struct Idleness;
  void setIdle(bool idle);

  std::shared_ptr<metrics::Counter> recordsInErrors_;
  std::shared_ptr<Idleness> idleness_;
};

}  // namespace flink::operators
