#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/config/configuration.h"

/// The arithmetic that JobManager and TaskManager memory have in common.
namespace flink::memory {

using config::MemorySize;

Status illegalMemory(std::string message);
inline std::string text(std::int64_t bytes) {
  return MemorySize{bytes}.toHumanReadableString();
}

/// A share of something, held between two bounds.
struct RangeFraction {
  std::int64_t min = 0, max = 0;
  double fraction = 0;
};

/// bytes × multiplier as BigDecimal has it: the shortest decimal text of the double, multiplied
/// exactly, truncated.
Result<std::int64_t> multiplyExactly(std::int64_t bytes, double multiplier);
Result<std::int64_t> addExactly(std::initializer_list<std::int64_t> sizes);

/// The key, default and earlier names of an option as Flink's messages print them.
std::string optionText(std::string_view key, std::string_view defaultText,
                       std::string_view deprecatedKey = {});

/// Keys that both kinds of process have, each under its own prefix.
struct ProcessMemoryOptions {
  const config::ConfigOption<MemorySize>& process;
  const config::ConfigOption<MemorySize>& flink;
  const config::ConfigOption<MemorySize>& metaspace;
  const config::ConfigOption<MemorySize>& overheadMin;
  const config::ConfigOption<MemorySize>& overheadMax;
  const config::ConfigOption<float>& overheadFraction;
};

struct MetaspaceAndOverhead {
  std::int64_t metaspace = 0, overhead = 0;
};

/// Reads options and derives parts; remembers what is worth a remark.
class MemoryDerivation {
 public:
  MemoryDerivation(const config::Configuration& configuration, const ProcessMemoryOptions& options)
      : configuration_(configuration), options_(options) {}

  Result<std::int64_t> size(const config::ConfigOption<MemorySize>& option) const;
  [[nodiscard]] bool isSet(std::string_view key) const { return configuration_.contains(key); }
  /// True for an option set under its key or an earlier one.
  template <class T>
  [[nodiscard]] bool isSet(const config::ConfigOption<T>& option) const {
    if (configuration_.contains(option.key)) return true;
    for (const std::string_view legacy : option.legacyKeys) {
      if (!legacy.empty() && configuration_.contains(legacy)) return true;
    }
    return false;
  }
  Result<RangeFraction> range(std::int64_t min, std::int64_t max,
                              const config::ConfigOption<float>& option,
                              std::string_view deprecatedKey = {}) const;

  Result<std::int64_t> withFraction(std::string_view what, std::int64_t base,
                                    const RangeFraction& range);
  Result<std::int64_t> withInverseFraction(std::string_view what, std::int64_t base,
                                           const RangeFraction& range);

  /// From the whole process: the overhead is a share of it.
  Result<MetaspaceAndOverhead> fromTotalProcess(std::int64_t totalProcess);
  /// From total Flink memory: the overhead is what the process has left, else an inverse share.
  Result<MetaspaceAndOverhead> fromTotalFlink(std::int64_t totalFlink);

  /// The error when nothing is configured to start from.
  Status nothingConfigured(std::string_view fineGrainedKeys) const;

  void remark(std::string line) { remarks_.push_back(std::move(line)); }
  [[nodiscard]] const config::Configuration& configuration() const { return configuration_; }
  std::vector<std::string> takeRemarks() { return std::move(remarks_); }

 private:
  Result<std::int64_t> capped(std::string_view what, std::int64_t size, const RangeFraction& range);
  Result<RangeFraction> overheadRange() const;

  const config::Configuration& configuration_;
  const ProcessMemoryOptions& options_;
  std::vector<std::string> remarks_;
};

}  // namespace flink::memory
