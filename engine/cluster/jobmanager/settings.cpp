#include "cluster/jobmanager/settings.h"

#include "core/config/options/checkpointing_options.h"
#include "core/config/options/core_options.h"
#include "core/config/options/jobmanager_options.h"
#include "core/config/options/metrics_options.h"
#include "core/config/options/taskmanager_options.h"
#include "core/config/value_text.h"

namespace flink::jobmanager {

Result<JobManagerSettings> JobManagerSettings::fromConfiguration(
    const config::Configuration& configuration) {
  JobManagerSettings settings;
  settings.configuration = configuration;
  FLINK_ASSIGN_OR_RETURN(settings.heartbeatInterval, configuration.get(config::kHeartbeatInterval));
  FLINK_ASSIGN_OR_RETURN(settings.heartbeatTimeout, configuration.get(config::kHeartbeatTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.slotRequestTimeout,
                         configuration.get(config::kSlotRequestTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.slotIdleTimeout, configuration.get(config::kSlotIdleTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.cancellationTimeout,
                         configuration.get(config::kTaskCancellationTimeout));
  FLINK_ASSIGN_OR_RETURN(const auto mode,
                         configuration.getOptional(config::kTaskmanagerLoadBalanceMode));
  FLINK_ASSIGN_OR_RETURN(const bool spread,
                         configuration.get(config::kClusterEvenlySpreadOutSlots));
  // The older key counts only where the newer one says nothing.
  if (mode ? config::toLower(*mode) == "none" : !spread)
    settings.placement = scheduler::PlacementStrategy::kPack;
  FLINK_ASSIGN_OR_RETURN(const int capacity, configuration.get(config::kJobstoreMaxCapacity));
  settings.jobStoreMaxCapacity = static_cast<std::size_t>(capacity);
  FLINK_ASSIGN_OR_RETURN(const config::MemorySize cache,
                         configuration.get(config::kJobstoreCacheSize));
  settings.jobStoreCacheBytes = cache.bytes;
  FLINK_ASSIGN_OR_RETURN(const std::int64_t expiration,
                         configuration.get(config::kJobstoreExpirationTime));
  settings.jobStoreExpiration = std::chrono::seconds(expiration);
  FLINK_ASSIGN_OR_RETURN(const int history, configuration.get(config::kWebExceptionHistorySize));
  settings.exceptionHistorySize = static_cast<std::size_t>(history);
  FLINK_ASSIGN_OR_RETURN(const int checkpoints, configuration.get(config::kWebCheckpointsHistory));
  settings.checkpointHistorySize = static_cast<std::size_t>(checkpoints);
  FLINK_ASSIGN_OR_RETURN(const config::ConfigList times,
                         configuration.get(config::kMetricsJobStatusEnable));
  settings.jobStateTimes = {false, false, false};
  for (const std::string& entry : times) {
    const std::string word = config::toLower(entry);
    settings.jobStateTimes.isIn |= word == "state";
    settings.jobStateTimes.current |= word == "current_time";
    settings.jobStateTimes.total |= word == "total_time";
  }
  return settings;
}

Result<JobSettings> JobSettings::of(const protocol::JobGraph& graph,
                                    const JobManagerSettings& cluster, Rng& rng) {
  const auto configuration = config::Configuration::fromMap(graph.configuration);
  JobSettings settings;
  FLINK_ASSIGN_OR_RETURN(const auto slotRequestTimeout,
                         configuration.getOptional(config::kSlotRequestTimeout));
  settings.slotRequestTimeout = slotRequestTimeout.value_or(
      std::chrono::duration_cast<config::Millis>(cluster.slotRequestTimeout));
  FLINK_ASSIGN_OR_RETURN(const auto cancellationTimeout,
                         configuration.getOptional(config::kTaskCancellationTimeout));
  settings.cancellationTimeout = cancellationTimeout.value_or(
      std::chrono::duration_cast<config::Millis>(cluster.cancellationTimeout));
  FLINK_ASSIGN_OR_RETURN(settings.checkpoints, checkpoint::checkpointSettings(configuration));
  FLINK_ASSIGN_OR_RETURN(settings.restartStrategy,
                         scheduler::restartStrategyOf(configuration, cluster.configuration,
                                                      settings.checkpoints.periodic(), rng));
  FLINK_ASSIGN_OR_RETURN(settings.restorePath,
                         configuration.get(config::kExecutionStateRecoveryPath));
  FLINK_ASSIGN_OR_RETURN(settings.allowNonRestoredState,
                         configuration.get(config::kExecutionStateRecoveryIgnoreUnclaimedState));
  return settings;
}

}  // namespace flink::jobmanager
