#include "core/config/config_check.h"

#include <map>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/config/known_keys.h"
#include "core/config/option_list.h"
#include "core/config/options/core_options.h"
#include "core/config/options/jobmanager_options.h"
#include "core/config/options/rest_options.h"
#include "core/config/options/taskmanager_options.h"
#include "core/config/reporter_options.h"
#include "core/config/value_text.h"

namespace flink::config {
namespace {

std::string describeOrigin(const Configuration& configuration, std::string_view key) {
  const auto it = configuration.entries().find(key);
  return it == configuration.entries().end() ? "default" : it->second.origin.toString();
}

/// Ports that processes of one cluster bind on one host, with the value they will use; ranges make
/// room by themselves.
std::vector<std::pair<std::string_view, std::string>> fixedPorts(
    const Configuration& configuration) {
  std::vector<std::pair<std::string_view, std::string>> ports;
  const auto addInt = [&](const ConfigOption<int>& option) {
    if (const int port = configuration.getValidated(option); port != 0) {
      ports.emplace_back(option.key, std::to_string(port));
    }
  };
  const auto addRange = [&](const ConfigOption<std::string>& option) {
    const std::string text = configuration.getValidated(option);
    const Result<std::vector<int>> range = parsePorts(text);
    if (range.isOk() && range->size() == 1 && range->front() != 0) {
      ports.emplace_back(option.key, std::to_string(range->front()));
    }
  };
  if (configuration.contains(kJobmanagerRpcBindPort.key)) {
    addInt(kJobmanagerRpcBindPort);
  } else {
    addInt(kJobmanagerRpcPort);
  }
  addInt(kJobmanagerEventPort);
  addRange(kBlobServerPort);
  if (configuration.contains(kRestBindPort.key)) {
    addRange(kRestBindPort);
  } else {
    addInt(kRestPort);
  }
  addRange(kTaskmanagerRpcPort);
  addInt(kTaskmanagerDataPort);
  for (const auto& [key, entry] : configuration.entries()) {
    if (!key.starts_with("metrics.reporter.") || !key.ends_with(".port")) continue;
    const Result<std::vector<int>> range = parsePorts(entry.value);
    if (range.isOk() && range->size() == 1 && range->front() != 0)
      ports.emplace_back(key, entry.value);
  }
  return ports;
}

}  // namespace

void KeyChecker::add(std::string_view key, std::string value, ConfigOrigin origin) {
  Configuration& configuration = checked_.configuration;
  const OptionInfo* option = findOption(key);
  if (option != nullptr && option->key != key) {
    remark(std::string(key), fmt::format("{} is an earlier name of {}; it still works ({})", key,
                                         option->key, origin.toString()));
    // Within one file the modern name wins; a -D argument wins over the file under either name.
    const auto it = configuration.entries().find(option->key);
    if (it != configuration.entries().end() && setByModernKey_.contains(option->key) &&
        it->second.origin.source == origin.source && origin.line > 0) {
      return;
    }
    configuration.setString(std::string(option->key), std::move(value), std::move(origin));
    return;
  }
  if (option != nullptr) setByModernKey_.emplace(key);
  configuration.setString(std::string(key), std::move(value), std::move(origin));
}

void KeyChecker::judgeUnknown(const std::string& key, const ConfigOrigin& origin, bool strict) {
  const KeyVerdict verdict = classifyKey(key);
  if (verdict.kind == KeyKind::kEffective) return;
  const bool misspelt = verdict.kind == KeyKind::kLater && isNearMiss(key);
  if (verdict.kind != KeyKind::kUnknown && !misspelt) {
    remark(key, fmt::format("{} has no effect: {} ({})", key, verdict.reason, origin.toString()));
    return;
  }
  const std::optional<std::string> nearest = nearestKey(key);
  const std::string hint =
      nearest ? fmt::format("; the nearest known key is {}", *nearest) : std::string();
  if (strict) {
    checked_.errors.emplace_back(
        ErrorCode::kConfigUnknownKey,
        fmt::format("unknown key: key={} at={}{}", key, origin.toString(), hint));
  } else {
    remark(key, fmt::format("{} is not a known key ({}){}", key, origin.toString(), hint));
  }
}

CheckedConfiguration KeyChecker::check() {
  std::vector<Status>& errors = checked_.errors;
  const bool strict = checked_.configuration.getValidated(kConfigStrict);
  for (const auto& [key, entry] : checked_.configuration.entries()) {
    const OptionInfo* option = findOption(key);
    if (option == nullptr) {
      judgeUnknown(key, entry.origin, strict);
    } else if (Status status = option->check(entry.value, option->accepts); !status) {
      errors.push_back(invalidValue(key, entry, option->type, status));
    }
  }
  // Whoever starts the reporters remarks on unknown kinds.
  if (Status status = planReporters(checked_.configuration).status(); !status)
    errors.push_back(std::move(status));
  checkTogether(checked_);
  return std::move(checked_);
}

Result<LoadedConfiguration> KeyChecker::finish() {
  CheckedConfiguration checked = check();
  if (!checked.errors.empty()) return std::move(checked.errors.front());
  return LoadedConfiguration{std::move(checked.configuration), std::move(checked.warnings)};
}

void checkTogether(CheckedConfiguration& checked) {
  const Configuration& configuration = checked.configuration;
  std::map<std::string, std::string_view> byPort;
  for (const auto& [key, port] : fixedPorts(configuration)) {
    const auto [it, isNew] = byPort.emplace(port, key);
    if (isNew) continue;
    checked.errors.emplace_back(
        ErrorCode::kConfigInvalidValue,
        fmt::format("two keys claim one port: port={} keys={} ({}) and {} ({}); change one of them",
                    port, it->second, describeOrigin(configuration, it->second), key,
                    describeOrigin(configuration, key)));
  }
  if (configuration.contains(kTaskmanagerMemoryManagedSize.key) &&
      configuration.contains(kTaskmanagerMemoryManagedFraction.key)) {
    checked.warnings.push_back(
        {std::string(kTaskmanagerMemoryManagedFraction.key),
         fmt::format("{} has no effect: {} is set too and wins",
                     kTaskmanagerMemoryManagedFraction.key, kTaskmanagerMemoryManagedSize.key)});
  }
  if (toLower(configuration.getValidated(kTaskmanagerLoadBalanceMode)) == "tasks") {
    checked.warnings.push_back(
        {std::string(kTaskmanagerLoadBalanceMode.key),
         fmt::format("{}: TASKS does what SLOTS does in this release: slots are spread over all "
                     "TaskManagers, whatever number of tasks they hold ({})",
                     kTaskmanagerLoadBalanceMode.key,
                     describeOrigin(configuration, kTaskmanagerLoadBalanceMode.key))});
  }
  const Millis interval = configuration.getValidated(kHeartbeatInterval);
  const Millis timeout = configuration.getValidated(kHeartbeatTimeout);
  if (timeout <= interval) {
    checked.errors.emplace_back(ErrorCode::kConfigInvalidValue,
                                fmt::format("heartbeat.timeout must be longer than "
                                            "heartbeat.interval: timeout={} ms interval={} ms",
                                            timeout.count(), interval.count()));
  }
}

}  // namespace flink::config
