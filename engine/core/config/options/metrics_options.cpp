#include "core/config/options/metrics_options.h"

#include "core/config/option_info.h"

namespace flink::config {

std::vector<OptionInfo> metricsOptions() {
  return {
      describe(kMetricsReporters),
      describe(kMetricsJobStatusEnable),
  };
}

}  // namespace flink::config
