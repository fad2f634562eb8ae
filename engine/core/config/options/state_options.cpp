#include "core/config/options/state_options.h"

#include "core/config/option_info.h"

namespace flink::config {

std::vector<OptionInfo> stateOptions() {
  return {
      describe(kStateLatencyTrackKeyedStateEnabled),
      describe(kStateLatencyTrackSampleInterval),
      describe(kStateLatencyTrackHistorySize),
      describe(kStateLatencyTrackStateNameAsVariable),
  };
}

}  // namespace flink::config
