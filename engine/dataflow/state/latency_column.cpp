#include "dataflow/state/latency_column.h"

#include <algorithm>
#include <string>

namespace flink::state {

namespace {

/// What Flink's metrics call reading and changing a state of this kind.
struct Names {
  const char* get;
  const char* update;
};

Names namesOf(StateKind kind) {
  switch (kind) {
    case StateKind::kValue:
      return {"valueStateGetLatency", "valueStateUpdateLatency"};
    case StateKind::kList:
      return {"listStateGetLatency", "listStateAddLatency"};
    case StateKind::kMap:
      return {"mapStateGetLatency", "mapStatePutLatency"};
    case StateKind::kReducing:
      return {"reducingStateGetLatency", "reducingStateAddLatency"};
    case StateKind::kAggregating:
      return {"aggregatingStateGetLatency", "aggregatingStateAddLatency"};
  }
  return {"stateGetLatency", "stateUpdateLatency"};
}

}  // namespace

LatencyColumn::LatencyColumn(StateColumn& column, const KeyedBackendOptions& options)
    : StateColumn(column.spec(), *options.clock),
      column_(column),
      clock_(*options.clock),
      sampleInterval_(std::max(1, options.latency.sampleInterval)) {
  const std::string& name = column.spec().name;
  group_ = options.latency.stateNameAsVariable
               ? options.metrics->scopedChild("state_name", {{"state_name", name}})
               : options.metrics->addGroup(name);
  const auto window = static_cast<std::size_t>(std::max(1, options.latency.historySize));
  const Names names = namesOf(column.spec().kind);
  gets_.histogram = group_->histogram(names.get, window);
  updates_.histogram = group_->histogram(names.update, window);
  clears_.histogram = group_->histogram("stateClearLatency", window);
}

template <class Access>
auto LatencyColumn::measure(Sampler& sampler, Access&& access) {
  column_.setCurrentNamespace(currentNamespace());
  if (--sampler.untilSample > 0) return access();
  sampler.untilSample = sampleInterval_;
  const MonotonicTime start = clock_.now();
  struct Stop {
    const LatencyColumn& column;
    Sampler& sampler;
    MonotonicTime start;
    ~Stop() { sampler.histogram->update((column.clock_.now() - start).count()); }
  } stop{*this, sampler, start};
  return access();
}

const void* LatencyColumn::find() {
  return measure(gets_, [this] { return column_.find(); });
}

void* LatencyColumn::findForUpdate() {
  return measure(updates_, [this] { return column_.findForUpdate(); });
}

void* LatencyColumn::findOrCreate(bool& created) {
  return measure(updates_, [&] { return column_.findOrCreate(created); });
}

void LatencyColumn::erase() {
  measure(clears_, [this] { column_.erase(); });
}

}  // namespace flink::state
