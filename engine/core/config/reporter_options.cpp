#include "core/config/reporter_options.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/config/config_check.h"
#include "core/config/options/metrics_options.h"
#include "core/config/value_text.h"

namespace flink::config {
namespace {

constexpr std::string_view kPrefix = "metrics.reporter.";
constexpr std::string_view kDefaultPorts = "9249-9259";

using Keys = std::map<std::string, Configuration::Entry>;  // what follows metrics.reporter.<name>.

std::map<std::string, Keys> reportersOf(const Configuration& configuration) {
  std::map<std::string, Keys> reporters;
  for (const auto& [key, entry] : configuration.entries()) {
    if (!key.starts_with(kPrefix)) continue;
    const std::size_t dot = key.find('.', kPrefix.size());
    if (dot == std::string::npos) continue;
    reporters[key.substr(kPrefix.size(), dot - kPrefix.size())][key.substr(dot + 1)] = entry;
  }
  return reporters;
}

bool isPrometheus(const std::string& name, const Keys& keys) {
  for (const char* key : {"factory.class", "class"}) {
    if (const auto it = keys.find(key); it != keys.end()) {
      return it->second.value.find("PrometheusReporter") != std::string::npos;
    }
  }
  return name.starts_with("prom");
}

template <class T>
Result<T> valueOf(const std::string& name, const Keys& keys, const std::string& key,
                  std::string_view fallback) {
  const auto it = keys.find(key);
  if (it == keys.end()) return ValueText<T>::parse(fallback);
  Result<T> value = ValueText<T>::parse(it->second.value);
  if (value.isOk()) return value;
  return invalidValue(fmt::format("{}{}.{}", kPrefix, name, key), it->second,
                      ValueText<T>::kTypeName, value.status());
}

Result<std::map<std::string, std::string>> parseVariables(const std::vector<std::string>& pairs) {
  std::map<std::string, std::string> variables;
  for (const std::string& pair : pairs) {
    const std::size_t colon = pair.find(':');
    if (colon == std::string::npos || colon == 0) {
      return Status(ErrorCode::kConfigInvalidValue,
                    fmt::format("expected variable:value: found='{}'", pair));
    }
    variables.emplace(trim(std::string_view(pair).substr(0, colon)),
                      trim(std::string_view(pair).substr(colon + 1)));
  }
  return variables;
}

std::string withoutBrackets(std::string variable) {
  std::erase_if(variable, [](char c) { return c == '<' || c == '>'; });
  return variable;
}

Result<ReporterOptions> optionsOf(const std::string& name, const Keys& keys) {
  ReporterOptions options;
  options.name = name;
  FLINK_ASSIGN_OR_RETURN(options.host, valueOf<std::string>(name, keys, "host", "localhost"));
  FLINK_ASSIGN_OR_RETURN(std::string ports,
                         valueOf<std::string>(name, keys, "port", kDefaultPorts));
  Result<std::vector<int>> parsed = parsePorts(ports);
  if (!parsed.isOk()) {
    return invalidValue(fmt::format("{}{}.port", kPrefix, name), keys.at("port"), "Ports",
                        parsed.status());
  }
  options.ports = std::move(parsed).value();
  FLINK_ASSIGN_OR_RETURN(options.filterLabelValueCharacters,
                         valueOf<bool>(name, keys, "filterLabelValueCharacters", "true"));
  FLINK_ASSIGN_OR_RETURN(std::string includes,
                         valueOf<std::string>(name, keys, "filter.includes", ""));
  FLINK_ASSIGN_OR_RETURN(std::string excludes,
                         valueOf<std::string>(name, keys, "filter.excludes", ""));
  // Commas separate names within one rule, so only semicolons separate rules.
  const auto rules = [](const std::string& text) {
    return ValueText<ConfigList>::parse(text + ";");
  };
  FLINK_ASSIGN_OR_RETURN(options.includes, rules(includes));
  FLINK_ASSIGN_OR_RETURN(options.excludes, rules(excludes));
  FLINK_ASSIGN_OR_RETURN(ConfigList variables,
                         valueOf<ConfigList>(name, keys, "scope.variables.excludes", ""));
  for (const std::string& variable : variables)
    options.excludedVariables.insert(withoutBrackets(variable));
  FLINK_ASSIGN_OR_RETURN(ConfigList additional,
                         valueOf<ConfigList>(name, keys, "scope.variables.additional", ""));
  FLINK_ASSIGN_OR_RETURN(options.additionalVariables, parseVariables(additional));
  return options;
}

}  // namespace

Result<ReporterPlan> planReporters(const Configuration& configuration) {
  const std::map<std::string, Keys> configured = reportersOf(configuration);
  FLINK_ASSIGN_OR_RETURN(std::optional<ConfigList> listed,
                         configuration.getOptional(kMetricsReporters));
  std::vector<std::string> names;
  if (listed) {
    names = *listed;
  } else {
    for (const auto& [name, keys] : configured) names.push_back(name);
    const bool hasPrometheus =
        std::any_of(configured.begin(), configured.end(),
                    [](const auto& entry) { return isPrometheus(entry.first, entry.second); });
    if (!hasPrometheus) names.emplace_back("prom");
  }
  ReporterPlan plan;
  for (const std::string& name : names) {
    const auto it = configured.find(name);
    const Keys keys = it == configured.end() ? Keys() : it->second;
    if (!isPrometheus(name, keys)) {
      plan.warnings.push_back(
          {std::string(kPrefix) + name, fmt::format("{}{} is not started: Prometheus is the only "
                                                    "kind of metric reporter in this release",
                                                    kPrefix, name)});
      continue;
    }
    FLINK_ASSIGN_OR_RETURN(ReporterOptions options, optionsOf(name, keys));
    plan.reporters.push_back(std::move(options));
  }
  return plan;
}

}  // namespace flink::config
