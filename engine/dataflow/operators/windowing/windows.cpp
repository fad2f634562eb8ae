#include "dataflow/operators/windowing/windows.h"

#include <fmt/format.h>

namespace flink {

std::string TimeWindow::toString() const {
  return fmt::format("TimeWindow{{start={}, end={}}}", start, end);
}

std::string GlobalWindow::toString() const {
  return "GlobalWindow";
}

namespace operators {

std::vector<MergedWindows<TimeWindow>> mergeTimeWindows(std::vector<TimeWindow>& windows) {
  std::sort(windows.begin(), windows.end());
  std::vector<MergedWindows<TimeWindow>> groups;
  for (const TimeWindow& window : windows) {
    if (!groups.empty() && groups.back().result.intersects(window)) {
      groups.back().result = groups.back().result.cover(window);
      groups.back().merged.push_back(window);
    } else {
      groups.push_back({window, {window}});
    }
  }
  std::erase_if(groups, [](const auto& group) { return group.merged.size() < 2; });
  return groups;
}

}  // namespace operators
}  // namespace flink
