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
  const OptionInfo* option = findOption(key);
  if (option != nullptr && option->key != key) {
    warnings_.push_back(
        {std::string(key), fmt::format("an earlier name, still accepted; today's is {} ({})",
                                       option->key, origin.toString())});
    // Within one file the modern name wins; a -D argument wins over the file under either name.
    const auto it = configuration_.entries().find(option->key);
    if (it != configuration_.entries().end() && setByModernKey_.contains(option->key) &&
        it->second.origin.source == origin.source && origin.line > 0) {
      return;
    }
    configuration_.setString(std::string(option->key), std::move(value), std::move(origin));
    return;
  }
  if (option != nullptr) setByModernKey_.emplace(key);
  configuration_.setString(std::string(key), std::move(value), std::move(origin));
}

Status KeyChecker::judgeUnknown(const std::string& key, const ConfigOrigin& origin, bool strict) {
  const KeyVerdict verdict = classifyKey(key);
  if (verdict.kind == KeyKind::kEffective) return {};
  const std::optional<std::string> nearest = nearestKey(key);
  const bool misspelt = verdict.kind == KeyKind::kLater && isNearMiss(key);
  if (verdict.kind != KeyKind::kUnknown && !misspelt) {
    warnings_.push_back(
        {key, fmt::format("accepted without effect: {} ({})", verdict.reason, origin.toString())});
    return {};
  }
  const std::string hint =
      nearest ? fmt::format("; the nearest known key is {}", *nearest) : std::string();
  if (strict) {
    return Status(ErrorCode::kConfigUnknownKey,
                  fmt::format("unknown key: key={} at={}{}", key, origin.toString(), hint));
  }
  warnings_.push_back({key, fmt::format("unknown key ({}){}", origin.toString(), hint)});
  return {};
}

Result<LoadedConfiguration> KeyChecker::finish() {
  FLINK_ASSIGN_OR_RETURN(bool strict, configuration_.get(kConfigStrict));
  for (const auto& [key, entry] : configuration_.entries()) {
    const OptionInfo* option = findOption(key);
    if (option == nullptr) {
      FLINK_RETURN_IF_ERROR(judgeUnknown(key, entry.origin, strict));
      continue;
    }
    if (Status status = option->check(entry.value, option->accepts); !status) {
      return invalidValue(key, entry, option->type, status);
    }
  }
  FLINK_RETURN_IF_ERROR(
      planReporters(configuration_).status());  // who starts them remarks on unknown kinds
  FLINK_RETURN_IF_ERROR(checkTogether(configuration_, warnings_));
  return LoadedConfiguration{std::move(configuration_), std::move(warnings_)};
}

Status checkTogether(const Configuration& configuration, std::vector<ConfigWarning>& warnings) {
  std::map<std::string, std::string_view> byPort;
  for (const auto& [key, port] : fixedPorts(configuration)) {
    const auto [it, isNew] = byPort.emplace(port, key);
    if (isNew) continue;
    return Status(
        ErrorCode::kConfigInvalidValue,
        fmt::format("two keys claim one port: port={} keys={} ({}) and {} ({}); change one of them",
                    port, it->second, describeOrigin(configuration, it->second), key,
                    describeOrigin(configuration, key)));
  }
  if (configuration.contains(kTaskmanagerMemoryManagedSize.key) &&
      configuration.contains(kTaskmanagerMemoryManagedFraction.key)) {
    warnings.push_back({std::string(kTaskmanagerMemoryManagedFraction.key),
                        fmt::format("without effect, because {} is set too and wins",
                                    kTaskmanagerMemoryManagedSize.key)});
  }
  const Millis interval = configuration.getValidated(kHeartbeatInterval);
  const Millis timeout = configuration.getValidated(kHeartbeatTimeout);
  if (timeout <= interval) {
    return Status(ErrorCode::kConfigInvalidValue,
                  fmt::format("heartbeat.timeout must be longer than heartbeat.interval: "
                              "timeout={} ms interval={} ms",
                              timeout.count(), interval.count()));
  }
  return {};
}

}  // namespace flink::config
