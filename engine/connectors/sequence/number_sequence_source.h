#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dataflow/operators/source.h"

namespace flink::connectors {

/// The numbers from..to, both included.
struct NumberSequenceSplit {
  std::int64_t from = 0;
  std::int64_t to = -1;
};

/// Gives the numbers from..to, each reader a contiguous share in ascending order. Bounded.
class NumberSequenceSource final : public Source<std::int64_t, NumberSequenceSplit> {
 public:
  NumberSequenceSource(std::int64_t from, std::int64_t to) : from_(from), to_(to) {}

  [[nodiscard]] Boundedness getBoundedness() const override { return Boundedness::kBounded; }
  std::unique_ptr<SplitEnumerator<NumberSequenceSplit>> createEnumerator(
      SplitEnumeratorContext<NumberSequenceSplit>& context) const override;
  std::unique_ptr<SplitEnumerator<NumberSequenceSplit>> restoreEnumerator(
      SplitEnumeratorContext<NumberSequenceSplit>& context,
      const std::string& checkpoint) const override;
  std::unique_ptr<SourceReader<std::int64_t, NumberSequenceSplit>> createReader(
      SourceReaderContext& context) const override;

 private:
  std::int64_t from_;
  std::int64_t to_;
};

}  // namespace flink::connectors
