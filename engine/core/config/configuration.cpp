#include "core/config/configuration.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/config/config_check.h"
#include "core/config/value_text.h"

namespace flink::config {

Status invalidValue(std::string_view key, const Configuration::Entry& entry, std::string_view type,
                    const Status& why) {
  return Status(ErrorCode::kConfigInvalidValue,
                fmt::format("could not parse value: key={} value='{}' at={} type={}: {}", key,
                            isSensitiveKey(key) ? "******" : entry.value, entry.origin.toString(),
                            type, why.message()));
}

std::string ConfigOrigin::toString() const {
  return line > 0 ? fmt::format("{}:{}", source, line) : source;
}

const Configuration::Entry* Configuration::find(
    std::string_view key, const std::array<std::string_view, kMaxLegacyKeys>& legacyKeys) const {
  if (const auto it = entries_.find(key); it != entries_.end()) return &it->second;
  for (const std::string_view legacy : legacyKeys) {
    if (legacy.empty()) break;
    if (const auto it = entries_.find(legacy); it != entries_.end()) return &it->second;
  }
  return nullptr;
}

template <class T>
Result<std::optional<T>> Configuration::getOptional(const ConfigOption<T>& option) const {
  const Entry* entry = find(option.key, option.legacyKeys);
  if (entry == nullptr) return std::optional<T>();
  Result<T> value = ValueText<T>::parse(entry->value);
  Status status = value.isOk() ? checkAccepted(*value, option.accepts) : value.status();
  if (!status) return invalidValue(option.key, *entry, ValueText<T>::kTypeName, status);
  return std::optional<T>(std::move(value).value());
}

template <class T>
Result<T> Configuration::get(const ConfigOption<T>& option) const {
  FLINK_ASSIGN_OR_RETURN(std::optional<T> value, getOptional(option));
  if (value) return *std::move(value);
  if (!option.defaultText.empty()) return ValueText<T>::parse(option.defaultText);
  if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, ConfigList>) return T();
  return Status(ErrorCode::kConfigInvalidValue,
                fmt::format("a value is missing: key={}", option.key));
}

template <class T>
T Configuration::getValidated(const ConfigOption<T>& option) const {
  Result<T> value = get(option);
  if (value.isOk()) return std::move(value).value();
  return ValueText<T>::parse(option.defaultText).valueOr(T());
}

template <class T>
void Configuration::set(const ConfigOption<T>& option, const T& value) {
  setString(std::string(option.key), ValueText<T>::format(value));
}

#define FLINK_INSTANTIATE(T)                                                                  \
  template Result<T> Configuration::get(const ConfigOption<T>&) const;                        \
  template Result<std::optional<T>> Configuration::getOptional(const ConfigOption<T>&) const; \
  template T Configuration::getValidated(const ConfigOption<T>&) const;                       \
  template void Configuration::set(const ConfigOption<T>&, const T&)
FLINK_INSTANTIATE(bool);
FLINK_INSTANTIATE(int);
FLINK_INSTANTIATE(std::int64_t);
FLINK_INSTANTIATE(float);
FLINK_INSTANTIATE(double);
FLINK_INSTANTIATE(std::string);
FLINK_INSTANTIATE(MemorySize);
FLINK_INSTANTIATE(Millis);
FLINK_INSTANTIATE(ConfigList);
#undef FLINK_INSTANTIATE

void Configuration::setString(std::string key, std::string value, ConfigOrigin origin) {
  entries_.insert_or_assign(std::move(key), Entry{std::move(value), std::move(origin)});
}

std::optional<std::string> Configuration::getString(std::string_view key) const {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return std::nullopt;
  return it->second.value;
}

bool Configuration::contains(std::string_view key) const {
  return entries_.find(key) != entries_.end();
}

void Configuration::remove(std::string_view key) {
  if (const auto it = entries_.find(key); it != entries_.end()) entries_.erase(it);
}

void Configuration::addAll(const Configuration& other) {
  for (const auto& [key, entry] : other.entries_) entries_.insert_or_assign(key, entry);
}

std::map<std::string, std::string> Configuration::toMap() const {
  std::map<std::string, std::string> values;
  for (const auto& [key, entry] : entries_) values.emplace(key, entry.value);
  return values;
}

Configuration Configuration::fromMap(const std::map<std::string, std::string>& values) {
  Configuration configuration;
  for (const auto& [key, value] : values) configuration.setString(key, value);
  return configuration;
}

bool isSensitiveKey(std::string_view key) {
  constexpr std::string_view kWords[] = {
      "password",    "secret", "account.key", "apikey",      "api-key",      "auth-params",
      "service-key", "token",  "basic-auth",  "jaas.config", "http-headers", "private-key"};
  const std::string lower = toLower(key);
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

}  // namespace flink::config
