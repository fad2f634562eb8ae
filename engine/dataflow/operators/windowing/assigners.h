#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "dataflow/operators/windowing/triggers.h"
#include "dataflow/operators/windowing/windows.h"

namespace flink {

/// What an assigner may know beside the element.
struct WindowAssignerContext {
  types::Timestamp currentProcessingTime = 0;
  [[nodiscard]] types::Timestamp getCurrentProcessingTime() const { return currentProcessingTime; }
};

/// Base of assigners of one's own; deriving is optional, see WindowAssignerFor.
template <class T, class W>
class WindowAssigner {
 public:
  using WindowType = W;
  virtual ~WindowAssigner() = default;
  /// Appends the windows of an element; none drops it.
  virtual void assignWindows(const T& element, types::Timestamp timestamp,
                             const WindowAssignerContext& context,
                             std::vector<W>& windows) const = 0;
  [[nodiscard]] virtual bool isEventTime() const = 0;
};

namespace operators {

/// Puts elements of T into windows: WindowType, assignWindows(), isEventTime() and
/// getDefaultTrigger(). One that also has `mergeWindows(std::vector<WindowType>&)` merges.
template <class A, class T>
concept WindowAssignerFor = Window<typename A::WindowType> && std::copy_constructible<A> &&
    requires(const A& assigner, const T& element, const WindowAssignerContext& context,
             std::vector<typename A::WindowType>& windows) {
  assigner.assignWindows(element, types::Timestamp{}, context, windows);
  { assigner.isEventTime() } -> std::convertible_to<bool>;
  assigner.getDefaultTrigger();
};

/// How operators of the assigner are called.
template <class A>
constexpr const char* windowOperatorName() {
  if constexpr (requires { A::kName; }) {
    return A::kName;
  } else {
    return "Window";
  }
}

template <class A>
concept MergingAssigner = requires(const A& assigner,
                                   std::vector<typename A::WindowType>& windows) {
  assigner.mergeWindows(windows);
};

/// Event-time windows need timestamps: fails the job, naming the remedy.
[[noreturn]] void throwNoTimestamp(std::string_view assigner);
[[noreturn]] void throwBadGap(std::int64_t gapMs);
/// Throws when a window's parameters contradict each other.
void checkWindowParameters(bool fit, std::string_view assigner, std::string_view rule);

/// Windows of one size whose starts lie `slide` apart. Pure arithmetic: both kinds of time use it.
struct AlignedWindows {
  std::int64_t size = 0;
  std::int64_t slide = 0;
  std::int64_t offset = 0;

  /// The start of the latest window that begins at or before the timestamp, where time has room for
  /// it: no element is put into a window after it.
  [[nodiscard]] constexpr types::Timestamp lastStart(types::Timestamp timestamp) const {
    return types::saturatingAdd(timestamp, -TimeWindow::timeIntoWindow(timestamp, offset, slide));
  }
  void assign(types::Timestamp timestamp, std::vector<TimeWindow>& windows) const {
    const types::Timestamp before = types::saturatingAdd(timestamp, -size);
    for (types::Timestamp start = lastStart(timestamp); start > before;
         start = types::saturatingAdd(start, -slide)) {
      windows.push_back({start, types::saturatingAdd(start, size)});
    }
  }
};

}  // namespace operators

/// Every element is in the one window of `size` that its timestamp falls into.
class TumblingEventTimeWindows {
 public:
  static constexpr const char* kName = "TumblingEventTimeWindows";
  using WindowType = TimeWindow;
  /// Throws FlinkException unless |offset| < size.
  static TumblingEventTimeWindows of(std::chrono::milliseconds size,
                                     std::chrono::milliseconds offset = {});
  template <class T>
  void assignWindows(const T& /*element*/, types::Timestamp timestamp,
                     const WindowAssignerContext& /*context*/,
                     std::vector<TimeWindow>& windows) const {
    if (timestamp == types::kNoTimestamp) [[unlikely]]
      operators::throwNoTimestamp("TumblingEventTimeWindows");
    const types::Timestamp start = windows_.lastStart(timestamp);
    windows.push_back({start, types::saturatingAdd(start, windows_.size)});
  }
  [[nodiscard]] static constexpr bool isEventTime() { return true; }
  static constexpr bool kNeedsTimestamps = true;
  [[nodiscard]] static EventTimeTrigger getDefaultTrigger() { return {}; }
  [[nodiscard]] const operators::AlignedWindows& aligned() const { return windows_; }

 private:
  explicit TumblingEventTimeWindows(operators::AlignedWindows windows) : windows_(windows) {}
  operators::AlignedWindows windows_;
};

/// As TumblingEventTimeWindows, by the clock at an element's arrival.
class TumblingProcessingTimeWindows {
 public:
  static constexpr const char* kName = "TumblingProcessingTimeWindows";
  using WindowType = TimeWindow;
  /// Throws FlinkException unless |offset| < size.
  static TumblingProcessingTimeWindows of(std::chrono::milliseconds size,
                                          std::chrono::milliseconds offset = {});
  template <class T>
  void assignWindows(const T& /*element*/, types::Timestamp /*timestamp*/,
                     const WindowAssignerContext& context, std::vector<TimeWindow>& windows) const {
    const types::Timestamp start = windows_.lastStart(context.getCurrentProcessingTime());
    windows.push_back({start, types::saturatingAdd(start, windows_.size)});
  }
  [[nodiscard]] static constexpr bool isEventTime() { return false; }
  [[nodiscard]] static ProcessingTimeTrigger getDefaultTrigger() { return {}; }
  [[nodiscard]] const operators::AlignedWindows& aligned() const { return windows_; }

 private:
  explicit TumblingProcessingTimeWindows(operators::AlignedWindows windows) : windows_(windows) {}
  operators::AlignedWindows windows_;
};

/// A window of `size` begins every `slide`; an element is in all that its timestamp falls into, in
/// none where slide > size leaves a gap.
class SlidingEventTimeWindows {
 public:
  static constexpr const char* kName = "SlidingEventTimeWindows";
  using WindowType = TimeWindow;
  /// Throws FlinkException unless |offset| < slide and size > 0.
  static SlidingEventTimeWindows of(std::chrono::milliseconds size, std::chrono::milliseconds slide,
                                    std::chrono::milliseconds offset = {});
  template <class T>
  void assignWindows(const T& /*element*/, types::Timestamp timestamp,
                     const WindowAssignerContext& /*context*/,
                     std::vector<TimeWindow>& windows) const {
    if (timestamp == types::kNoTimestamp) [[unlikely]]
      operators::throwNoTimestamp("SlidingEventTimeWindows");
    windows_.assign(timestamp, windows);
  }
  [[nodiscard]] static constexpr bool isEventTime() { return true; }
  static constexpr bool kNeedsTimestamps = true;
  [[nodiscard]] static EventTimeTrigger getDefaultTrigger() { return {}; }
  [[nodiscard]] const operators::AlignedWindows& aligned() const { return windows_; }

 private:
  explicit SlidingEventTimeWindows(operators::AlignedWindows windows) : windows_(windows) {}
  operators::AlignedWindows windows_;
};

/// As SlidingEventTimeWindows, by the clock at an element's arrival.
class SlidingProcessingTimeWindows {
 public:
  static constexpr const char* kName = "SlidingProcessingTimeWindows";
  using WindowType = TimeWindow;
  /// Throws FlinkException unless |offset| < slide and size > 0.
  static SlidingProcessingTimeWindows of(std::chrono::milliseconds size,
                                         std::chrono::milliseconds slide,
                                         std::chrono::milliseconds offset = {});
  template <class T>
  void assignWindows(const T& /*element*/, types::Timestamp /*timestamp*/,
                     const WindowAssignerContext& context, std::vector<TimeWindow>& windows) const {
    windows_.assign(context.getCurrentProcessingTime(), windows);
  }
  [[nodiscard]] static constexpr bool isEventTime() { return false; }
  [[nodiscard]] static ProcessingTimeTrigger getDefaultTrigger() { return {}; }
  [[nodiscard]] const operators::AlignedWindows& aligned() const { return windows_; }

 private:
  explicit SlidingProcessingTimeWindows(operators::AlignedWindows windows) : windows_(windows) {}
  operators::AlignedWindows windows_;
};

/// Sessions whose gap depends on the element: `std::int64_t gap(const T&)` in milliseconds, or an
/// object with Flink's `extract`. The gap has to be positive.
template <class GapExtractor>
class DynamicEventTimeSessionWindows {
 public:
  static constexpr const char* kName = "DynamicEventTimeSessionWindows";
  using WindowType = TimeWindow;
  explicit DynamicEventTimeSessionWindows(GapExtractor gap) : gap_(std::move(gap)) {}
  template <class T>
  void assignWindows(const T& element, types::Timestamp timestamp,
                     const WindowAssignerContext& /*context*/,
                     std::vector<TimeWindow>& windows) const {
    if (timestamp == types::kNoTimestamp) [[unlikely]]
      operators::throwNoTimestamp("DynamicEventTimeSessionWindows");
    windows.push_back({timestamp, types::saturatingAdd(timestamp, gapOf(element))});
  }
  [[nodiscard]] static auto mergeWindows(std::vector<TimeWindow>& windows) {
    return operators::mergeTimeWindows(windows);
  }
  [[nodiscard]] static constexpr bool isEventTime() { return true; }
  static constexpr bool kNeedsTimestamps = true;
  [[nodiscard]] static EventTimeTrigger getDefaultTrigger() { return {}; }

 protected:
  template <class T>
  [[nodiscard]] std::int64_t gapOf(const T& element) const {
    std::int64_t gap;
    if constexpr (std::invocable<const GapExtractor&, const T&>) {
      gap = static_cast<std::int64_t>(gap_(element));
    } else {
      gap = static_cast<std::int64_t>(gap_.extract(element));
    }
    if (gap <= 0) [[unlikely]]
      operators::throwBadGap(gap);
    return gap;
  }

 private:
  GapExtractor gap_;
};

/// As DynamicEventTimeSessionWindows, by the clock at an element's arrival.
template <class GapExtractor>
class DynamicProcessingTimeSessionWindows : private DynamicEventTimeSessionWindows<GapExtractor> {
 public:
  static constexpr const char* kName = "DynamicProcessingTimeSessionWindows";
  using WindowType = TimeWindow;
  explicit DynamicProcessingTimeSessionWindows(GapExtractor gap)
      : DynamicEventTimeSessionWindows<GapExtractor>(std::move(gap)) {}
  template <class T>
  void assignWindows(const T& element, types::Timestamp /*timestamp*/,
                     const WindowAssignerContext& context, std::vector<TimeWindow>& windows) const {
    const types::Timestamp now = context.getCurrentProcessingTime();
    windows.push_back({now, types::saturatingAdd(now, this->gapOf(element))});
  }
  using DynamicEventTimeSessionWindows<GapExtractor>::mergeWindows;
  [[nodiscard]] static constexpr bool isEventTime() { return false; }
  [[nodiscard]] static ProcessingTimeTrigger getDefaultTrigger() { return {}; }
};

/// A key's elements form a session until nothing comes for `gap`.
class EventTimeSessionWindows {
 public:
  static constexpr const char* kName = "EventTimeSessionWindows";
  using WindowType = TimeWindow;
  /// Throws FlinkException unless gap > 0.
  static EventTimeSessionWindows withGap(std::chrono::milliseconds gap);
  template <class GapExtractor>
  static auto withDynamicGap(GapExtractor gap) {
    return DynamicEventTimeSessionWindows<GapExtractor>(std::move(gap));
  }
  template <class T>
  void assignWindows(const T& /*element*/, types::Timestamp timestamp,
                     const WindowAssignerContext& /*context*/,
                     std::vector<TimeWindow>& windows) const {
    if (timestamp == types::kNoTimestamp) [[unlikely]]
      operators::throwNoTimestamp("EventTimeSessionWindows");
    windows.push_back({timestamp, types::saturatingAdd(timestamp, gap_)});
  }
  [[nodiscard]] static auto mergeWindows(std::vector<TimeWindow>& windows) {
    return operators::mergeTimeWindows(windows);
  }
  [[nodiscard]] static constexpr bool isEventTime() { return true; }
  static constexpr bool kNeedsTimestamps = true;
  [[nodiscard]] static EventTimeTrigger getDefaultTrigger() { return {}; }

 private:
  explicit EventTimeSessionWindows(std::int64_t gap) : gap_(gap) {}
  std::int64_t gap_;
};

/// As EventTimeSessionWindows, by the clock at an element's arrival.
class ProcessingTimeSessionWindows {
 public:
  static constexpr const char* kName = "ProcessingTimeSessionWindows";
  using WindowType = TimeWindow;
  /// Throws FlinkException unless gap > 0.
  static ProcessingTimeSessionWindows withGap(std::chrono::milliseconds gap);
  template <class GapExtractor>
  static auto withDynamicGap(GapExtractor gap) {
    return DynamicProcessingTimeSessionWindows<GapExtractor>(std::move(gap));
  }
  template <class T>
  void assignWindows(const T& /*element*/, types::Timestamp /*timestamp*/,
                     const WindowAssignerContext& context, std::vector<TimeWindow>& windows) const {
    const types::Timestamp now = context.getCurrentProcessingTime();
    windows.push_back({now, types::saturatingAdd(now, gap_)});
  }
  [[nodiscard]] static auto mergeWindows(std::vector<TimeWindow>& windows) {
    return operators::mergeTimeWindows(windows);
  }
  [[nodiscard]] static constexpr bool isEventTime() { return false; }
  [[nodiscard]] static ProcessingTimeTrigger getDefaultTrigger() { return {}; }

 private:
  explicit ProcessingTimeSessionWindows(std::int64_t gap) : gap_(gap) {}
  std::int64_t gap_;
};

/// Everything of a key in one window, which only a trigger of its own ever fires.
template <class DefaultTrigger>
class BasicGlobalWindows {
 public:
  static constexpr const char* kName = "GlobalWindows";
  using WindowType = GlobalWindow;
  template <class T>
  void assignWindows(const T& /*element*/, types::Timestamp /*timestamp*/,
                     const WindowAssignerContext& /*context*/,
                     std::vector<GlobalWindow>& windows) const {
    windows.push_back({});
  }
  [[nodiscard]] static constexpr bool isEventTime() { return false; }
  [[nodiscard]] static DefaultTrigger getDefaultTrigger() { return {}; }
};

/// Fires once, when the input has ended.
class EndOfStreamGlobalWindows : public BasicGlobalWindows<EndOfStreamTrigger> {};

class GlobalWindows : public BasicGlobalWindows<NeverTrigger> {
 public:
  [[nodiscard]] static GlobalWindows create() { return {}; }
  [[nodiscard]] static EndOfStreamGlobalWindows createWithEndOfStreamTrigger() { return {}; }
};

}  // namespace flink
