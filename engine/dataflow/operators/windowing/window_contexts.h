#pragma once

#include <cstring>
#include <type_traits>
#include <vector>

#include "dataflow/operators/keyed_timers.h"
#include "dataflow/operators/windowing/evictors.h"
#include "dataflow/operators/windowing/trigger.h"
#include "dataflow/operators/windowing/window_functions.h"

namespace flink::operators {

/// A window as the namespace of its state and timers, and back.
template <Window W>
[[nodiscard]] state::Namespace namespaceOf(const W& window) {
  state::Namespace space;
  if constexpr (!std::is_empty_v<W>) std::memcpy(static_cast<void*>(&space), &window, sizeof(W));
  return space;
}
template <Window W>
[[nodiscard]] W windowOf(const state::Namespace& space) {
  W window{};
  if constexpr (!std::is_empty_v<W>) std::memcpy(static_cast<void*>(&window), &space, sizeof(W));
  return window;
}

/// What the contexts of one window operator share.
struct WindowServices {
  state::KeyedStateBackend& backend;
  KeyedTimers& timers;
  metrics::MetricGroup& metrics;
  types::Timestamp watermark = types::kMinWatermark;
};

/// The context of triggers, of the current key.
class WindowTriggerContext final : public OnMergeContext {
 public:
  explicit WindowTriggerContext(WindowServices& services)
      : services_(services), states_(services.backend, state::StateLayout::kWithNamespace) {}

  void setWindow(state::Namespace window) {
    window_ = window;
    states_.setNamespace(window);
  }
  void setMerged(std::vector<state::Namespace> merged) { merged_ = std::move(merged); }

  [[nodiscard]] types::Timestamp getCurrentProcessingTime() const override {
    return services_.timers.currentProcessingTime();
  }
  [[nodiscard]] types::Timestamp getCurrentWatermark() const override {
    return services_.watermark;
  }
  [[nodiscard]] metrics::MetricGroup& getMetricGroup() const override { return services_.metrics; }
  void registerEventTimeTimer(types::Timestamp time) override {
    services_.timers.registerEventTimeTimer(window_, time);
  }
  void registerProcessingTimeTimer(types::Timestamp time) override {
    services_.timers.registerProcessingTimeTimer(window_, time);
  }
  void deleteEventTimeTimer(types::Timestamp time) override {
    services_.timers.deleteEventTimeTimer(window_, time);
  }
  void deleteProcessingTimeTimer(types::Timestamp time) override {
    services_.timers.deleteProcessingTimeTimer(window_, time);
  }

 private:
  KeyedStateStore& partitionedState() override { return states_; }
  [[nodiscard]] const std::vector<state::Namespace>& mergedNamespaces() const override {
    return merged_;
  }

  WindowServices& services_;
  KeyedStateStore states_;
  state::Namespace window_;
  std::vector<state::Namespace> merged_;
};

class WindowEvictorContext final : public EvictorContext {
 public:
  explicit WindowEvictorContext(WindowServices& services) : services_(services) {}
  [[nodiscard]] types::Timestamp getCurrentProcessingTime() const override {
    return services_.timers.currentProcessingTime();
  }
  [[nodiscard]] types::Timestamp getCurrentWatermark() const override {
    return services_.watermark;
  }
  [[nodiscard]] metrics::MetricGroup& getMetricGroup() const override { return services_.metrics; }

 private:
  WindowServices& services_;
};

[[noreturn]] void throwNoStatePerMergingWindow();

/// The context of window functions, of the current key.
template <class W, bool Merging>
class WindowFunctionContext final : public ProcessWindowContext<W> {
 public:
  WindowFunctionContext(WindowServices& services, SideOutputs& sideOutputs)
      : ProcessWindowContext<W>(sideOutputs),
        services_(services),
        windowState_(services.backend, state::StateLayout::kWithNamespace),
        globalState_(services.backend, state::StateLayout::kNoNamespace) {}

  void setWindow(const W& window) {
    window_ = window;
    windowState_.setNamespace(namespaceOf(window));
  }
  [[nodiscard]] const W& window() const override { return window_; }
  [[nodiscard]] types::Timestamp currentProcessingTime() const override {
    return services_.timers.currentProcessingTime();
  }
  [[nodiscard]] types::Timestamp currentWatermark() const override { return services_.watermark; }
  [[nodiscard]] KeyedStateStore& windowState() override {
    if constexpr (Merging) throwNoStatePerMergingWindow();
    return windowState_;
  }
  [[nodiscard]] KeyedStateStore& globalState() override { return globalState_; }

 private:
  WindowServices& services_;
  W window_{};
  KeyedStateStore windowState_;
  KeyedStateStore globalState_;
};

}  // namespace flink::operators
