#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/datastream/parameters.h"

namespace flink {

/// Settings of the jobs that an environment builds. Serializers are chosen by type here, so Flink's
/// calls about Kryo and Avro change nothing: they are accepted, noted once in ignoredCalls(), and
/// logged.
class ExecutionConfig {
 public:
  ExecutionConfig& setGlobalJobParameters(std::map<std::string, std::string> parameters);
  ExecutionConfig& setGlobalJobParameters(const Parameters& parameters);
  [[nodiscard]] const std::map<std::string, std::string>& getGlobalJobParameters() const {
    return globalJobParameters_;
  }

  /// Parallelism of operators created from now on.
  ExecutionConfig& setParallelism(std::int32_t parallelism);
  [[nodiscard]] std::int32_t getParallelism() const { return parallelism_; }
  ExecutionConfig& setMaxParallelism(std::int32_t maxParallelism);
  /// -1: computed from the parallelism.
  [[nodiscard]] std::int32_t getMaxParallelism() const { return maxParallelism_; }

  /// Time between two periodic watermarks; 0: none. Throws for a negative one.
  ExecutionConfig& setAutoWatermarkInterval(std::int64_t intervalMs);
  [[nodiscard]] std::int64_t getAutoWatermarkInterval() const { return autoWatermarkIntervalMs_; }

  /// Records are always handed on inside a chain without copying; the setting is kept for the job's
  /// description.
  ExecutionConfig& enableObjectReuse() { return objectReuse_ = true, *this; }
  ExecutionConfig& disableObjectReuse() { return objectReuse_ = false, *this; }
  [[nodiscard]] bool isObjectReuseEnabled() const { return objectReuse_; }

  ExecutionConfig& enableForceKryo() { return ignore("enableForceKryo"); }
  ExecutionConfig& disableForceKryo() { return ignore("disableForceKryo"); }
  ExecutionConfig& enableForceAvro() { return ignore("enableForceAvro"); }
  ExecutionConfig& disableForceAvro() { return ignore("disableForceAvro"); }
  ExecutionConfig& enableGenericTypes() { return ignore("enableGenericTypes"); }
  ExecutionConfig& disableGenericTypes() { return ignore("disableGenericTypes"); }
  ExecutionConfig& setKryoRegistrationRequired(bool /*required*/) {
    return ignore("setKryoRegistrationRequired");
  }
  ExecutionConfig& setKryoRegistrator(std::string_view /*name*/) {
    return ignore("setKryoRegistrator");
  }
  template <class T>
  ExecutionConfig& registerKryoType() {
    return ignore("registerKryoType");
  }
  template <class T, class Serializer>
  ExecutionConfig& registerTypeWithKryoSerializer() {
    return ignore("registerTypeWithKryoSerializer");
  }
  template <class T, class Serializer>
  ExecutionConfig& addDefaultKryoSerializer() {
    return ignore("addDefaultKryoSerializer");
  }
  /// Names of calls that were accepted without effect.
  [[nodiscard]] const std::vector<std::string>& ignoredCalls() const { return ignoredCalls_; }

 private:
  ExecutionConfig& ignore(std::string_view call);

  std::map<std::string, std::string> globalJobParameters_;
  std::vector<std::string> ignoredCalls_;
  std::int32_t parallelism_ = 1;
  std::int32_t maxParallelism_ = -1;
  std::int64_t autoWatermarkIntervalMs_ = 200;
  bool objectReuse_ = false;
};

}  // namespace flink
