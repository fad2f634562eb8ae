#include "dataflow/state/state_ttl_config.h"

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/status_exception.h"

namespace flink {

namespace {

/// What background cleanup does where nothing else was asked for.
constexpr int kDefaultCleanupSize = 5;

void requirePositive(const char* what, std::int64_t value) {
  if (value > 0) return;
  throw StatusException(
      {ErrorCode::kInvalidArgument, fmt::format("{} is expected to be positive: {}", what, value)});
}

}  // namespace

StateTtlConfig::Builder::Builder(std::chrono::milliseconds ttl) : ttlMs_(ttl.count()) {
  requirePositive("TTL", ttlMs_);
}

StateTtlConfig::Builder& StateTtlConfig::Builder::setUpdateType(UpdateType type) {
  updateType_ = type;
  return *this;
}

StateTtlConfig::Builder& StateTtlConfig::Builder::setStateVisibility(StateVisibility visibility) {
  visibility_ = visibility;
  return *this;
}

StateTtlConfig::Builder& StateTtlConfig::Builder::cleanupFullSnapshot() {
  fullSnapshot_ = true;
  return *this;
}

StateTtlConfig::Builder& StateTtlConfig::Builder::cleanupIncrementally(
    int cleanupSize, bool runCleanupForEveryRecord) {
  requirePositive("number of incrementally cleaned up state entries", cleanupSize);
  cleanupSize_ = cleanupSize;
  everyRecord_ = runCleanupForEveryRecord;
  return *this;
}

StateTtlConfig::Builder& StateTtlConfig::Builder::cleanupInRocksdbCompactFilter(std::int64_t) {
  return *this;
}

StateTtlConfig::Builder& StateTtlConfig::Builder::disableCleanupInBackground() {
  background_ = false;
  return *this;
}

StateTtlConfig StateTtlConfig::Builder::build() const {
  StateTtlConfig config;
  config.ttlMs_ = ttlMs_;
  config.updateType_ = updateType_;
  config.visibility_ = visibility_;
  config.fullSnapshot_ = fullSnapshot_;
  config.cleanupSize_ = cleanupSize_ > 0 ? cleanupSize_ : (background_ ? kDefaultCleanupSize : 0);
  config.everyRecord_ = everyRecord_;
  return config;
}

}  // namespace flink
