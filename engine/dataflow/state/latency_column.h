#pragma once

#include <cstdint>
#include <memory>

#include "core/metrics/registry.h"
#include "dataflow/state/keyed_state_backend.h"

namespace flink::state {

/// Passes accesses on to a column and measures how long some of them take, in nanoseconds, under
/// Flink's names: valueStateGetLatency, listStateAddLatency, ... Thread: one.
class LatencyColumn final : public StateColumn {
 public:
  LatencyColumn(StateColumn& column, const KeyedBackendOptions& options);

  const void* find() override;
  void* findForUpdate() override;
  void* findOrCreate(bool& created) override;
  void erase() override;
  void prefetch(types::KeyHash hash) const override { column_.prefetch(hash); }
  NamespaceTables* byNamespace() override { return column_.byNamespace(); }

 private:
  /// Counts accesses of one sort.
  struct Sampler {
    std::shared_ptr<metrics::Histogram> histogram;
    int untilSample = 1;
  };
  template <class Access>
  auto measure(Sampler& sampler, Access&& access);

  StateColumn& column_;
  std::shared_ptr<metrics::MetricGroup> group_;
  const Clock& clock_;
  int sampleInterval_;
  Sampler gets_;
  Sampler updates_;
  Sampler clears_;
};

}  // namespace flink::state
