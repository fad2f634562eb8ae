#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/config/configuration.h"

namespace flink::config {

/// One reporter as metrics.reporter.<name>.* describes it. Prometheus is the only kind.
struct ReporterOptions {
  std::string name;
  std::string host;        ///< address to bind to
  std::vector<int> ports;  ///< the first free one is taken; 0: any
  bool filterLabelValueCharacters = true;
  std::vector<std::string> includes, excludes;             ///< rules of the metric filter
  std::set<std::string> excludedVariables;                 ///< scope.variables.excludes
  std::map<std::string, std::string> additionalVariables;  ///< scope.variables.additional
};

struct ReporterPlan {
  std::vector<ReporterOptions> reporters;
  std::vector<ConfigWarning> warnings;  ///< reporters of kinds that this release does not have
};

/// Which reporters to start. Without any metrics.reporter* key: Prometheus on the first free port
/// of 9249-9259. Errors: kConfigInvalidValue with key and place.
Result<ReporterPlan> planReporters(const Configuration& configuration);

}  // namespace flink::config
