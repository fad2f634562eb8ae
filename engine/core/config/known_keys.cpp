#include "core/config/known_keys.h"

#include <algorithm>
#include <vector>

#include "core/config/option_list.h"

namespace flink::config {
namespace {

constexpr std::string_view kNoJvm = "no process here is a JVM";
constexpr std::string_view kNoAkka = "control messages do not run over Akka or Pekko";
constexpr std::string_view kNoKryo =
    "records are plain C++ types; neither Kryo nor Avro reflection serializes them";
constexpr std::string_view kNoClassLoading =
    "job libraries are loaded by the system's loader, not by class loaders";
constexpr std::string_view kNoLog4j = "logging is set by env.log.* or conf/log4j.properties";
constexpr std::string_view kNoNetty = "the data plane is not Netty";
constexpr std::string_view kNoPython = "Python workers do not exist here";
constexpr std::string_view kCommandLine = "the command line of flinkctl decides";
constexpr std::string_view kNoRestClient =
    "flinkctl goes through jobmanager.rpc.address, not through REST";
constexpr std::string_view kClientWaits = "answers come by themselves; flinkctl does not ask again";
constexpr std::string_view kLaterCheckpoints = "this setting of checkpoints is not in this release";
constexpr std::string_view kLaterState = "state backends with snapshots are not in this release";
constexpr std::string_view kLaterHa = "high availability is not in this release";
constexpr std::string_view kLaterSecurity =
    "TLS and Kerberos are not in this release; all ports stay on loopback";
constexpr std::string_view kLaterSql = "SQL is not in this release";
constexpr std::string_view kLaterDeploy = "this resource manager is not in this release";
constexpr std::string_view kLaterHistory = "the history server is not in this release";
constexpr std::string_view kLaterFs = "this file system is not in this release";
constexpr std::string_view kLaterScheduler = "only the default scheduler exists in this release";
constexpr std::string_view kLaterPage = "this page or call is not in this release";
constexpr std::string_view kLater = "this has no effect in this release";

/// The first match wins.
constexpr KeyRule kRules[] = {
    {"metrics.reporter.", KeyKind::kEffective, {}},

    {"client.retry-period", KeyKind::kIgnored, kClientWaits},
    {"execution.attached", KeyKind::kIgnored, kCommandLine},
    {"execution.shutdown-on-attached-exit", KeyKind::kIgnored, kCommandLine},
    {"execution.target", KeyKind::kIgnored, kCommandLine},
    {"pipeline.jars", KeyKind::kIgnored, kCommandLine},
    {"rest.address", KeyKind::kIgnored, kNoRestClient},
    {"rest.client", KeyKind::kIgnored, kNoRestClient},
    {"rest.connection-timeout", KeyKind::kIgnored, kNoRestClient},
    {"rest.retry", KeyKind::kIgnored, kNoRestClient},
    {"rest.server.numThreads", KeyKind::kIgnored, "one thread serves the REST API"},
    {"web.timeout", KeyKind::kIgnored, "rest.request-timeout bounds every call"},
    {"task.cancellation.interval", KeyKind::kIgnored,
     "threads are not interrupted; task.cancellation.timeout ends the worker of a task that does "
     "not end"},
    {"metrics.fetcher", KeyKind::kIgnored, "workers report their metrics every second"},
    {"jobmanager.execution.attempts-history-size", KeyKind::kLater,
     "web.exception-history-size says how many failures are kept"},
    {"taskmanager.slot.timeout", KeyKind::kLater, "a slot is freed when its job ends"},
    {"taskmanager.memory.framework.off-heap.batch-shuffle", KeyKind::kLater, kLater},
    {"taskmanager.memory.managed.consumer-weights", KeyKind::kLater, kLater},
    {"taskmanager.memory.min-segment-size", KeyKind::kLater,
     "buffer debloating is not in this release"},
    {"taskmanager.network.retries", KeyKind::kLater,
     "connecting is tried until request-backoff.max is over"},

    {"env.java", KeyKind::kIgnored, kNoJvm},
    {"env.hadoop.conf.dir", KeyKind::kLater, kLaterFs},
    {"env.hbase.conf.dir", KeyKind::kLater, kLater},
    {"env.yarn.conf.dir", KeyKind::kLater, kLaterDeploy},
    {"env.ssh.opts", KeyKind::kLater, "TaskManagers on other hosts are not in this release"},
    {"env.stdout-err.redirect-to-file", KeyKind::kIgnored,
     "standard output and error of daemons always go to files"},
    {"akka", KeyKind::kIgnored, kNoAkka},
    {"pekko", KeyKind::kIgnored, kNoAkka},
    {"classloader", KeyKind::kIgnored, kNoClassLoading},
    {"pipeline.classpaths", KeyKind::kIgnored, kNoClassLoading},
    {"pipeline.force-avro", KeyKind::kIgnored, kNoKryo},
    {"pipeline.force-kryo", KeyKind::kIgnored, kNoKryo},
    {"pipeline.force-kryo-avro", KeyKind::kIgnored, kNoKryo},
    {"pipeline.generic-types", KeyKind::kIgnored, kNoKryo},
    {"pipeline.default-kryo-serializers", KeyKind::kIgnored, kNoKryo},
    {"pipeline.registered-kryo-types", KeyKind::kIgnored, kNoKryo},
    {"pipeline.registered-pojo-types", KeyKind::kIgnored, kNoKryo},
    {"pipeline.serialization-config", KeyKind::kIgnored, kNoKryo},
    {"pipeline.closure-cleaner-level", KeyKind::kIgnored,
     "lambdas are not serialized, so nothing needs cleaning"},
    {"execution.job-listeners", KeyKind::kIgnored, kNoClassLoading},
    {"kryo", KeyKind::kIgnored, kNoKryo},
    {"rootLogger.appenderRef", KeyKind::kIgnored, kNoLog4j},
    {"appender", KeyKind::kIgnored, kNoLog4j},
    {"logger", KeyKind::kIgnored, kNoLog4j},
    {"log4j", KeyKind::kIgnored, kNoLog4j},
    {"monitorInterval", KeyKind::kIgnored, kNoLog4j},
    {"taskmanager.jvm-exit-on-oom", KeyKind::kIgnored, kNoJvm},
    {"taskmanager.exit-on-fatal-akka-error", KeyKind::kIgnored, kNoAkka},
    {"taskmanager.debug.memory.log", KeyKind::kIgnored, kNoJvm},
    {"taskmanager.debug.memory.log-interval", KeyKind::kIgnored, kNoJvm},
    {"taskmanager.memory.preallocate", KeyKind::kIgnored,
     "segments are reserved when the TaskManager starts"},
    {"taskmanager.memory.off-heap", KeyKind::kIgnored,
     "managed memory is never on a garbage-collected heap"},
    {"taskmanager.network.netty", KeyKind::kIgnored, kNoNetty},
    {"taskmanager.net", KeyKind::kIgnored, kNoNetty},
    {"jobmanager.memory.enable-jvm-direct-memory-limit", KeyKind::kIgnored, kNoJvm},
    {"jobmanager.rpc.num-threads", KeyKind::kIgnored, kNoAkka},
    {"fs.allowed-fallback-filesystems", KeyKind::kIgnored, kNoClassLoading},
    {"zookeeper.sasl", KeyKind::kLater, kLaterHa},
    {"python", KeyKind::kIgnored, kNoPython},
    {"metrics.internal.query-service", KeyKind::kIgnored,
     "metrics travel with heartbeats, without a service of their own"},
    {"yarn.log-config-file", KeyKind::kIgnored, kNoLog4j},

    {"state.size-track", KeyKind::kLater,
     "sizes are not measured per access; the metrics <state>.numEntries and <state>.numBytes tell "
     "what a state holds"},
    {"state", KeyKind::kLater, kLaterState},
    {"execution.checkpointing", KeyKind::kLater, kLaterCheckpoints},
    {"execution.savepoint", KeyKind::kLater, kLaterCheckpoints},
    {"execution.state-recovery", KeyKind::kLater, kLaterCheckpoints},
    {"execution.sorted-inputs", KeyKind::kLater, kLaterState},
    {"execution.batch-state-backend", KeyKind::kLater, kLaterState},
    {"execution.batch", KeyKind::kLater, kLaterScheduler},
    {"execution", KeyKind::kLater, kLater},
    {"pipeline.watermark-alignment", KeyKind::kLater, "watermark alignment is not in this release"},
    {"pipeline.time-characteristic", KeyKind::kLater,
     "event time is chosen per stream by its watermark strategy"},
    {"pipeline.cached-files", KeyKind::kLater, "the distributed cache is not in this release"},
    {"high-availability", KeyKind::kLater, kLaterHa},
    {"recovery", KeyKind::kLater, kLaterHa},
    {"security", KeyKind::kLater, kLaterSecurity},
    {"table", KeyKind::kLater, kLaterSql},
    {"sql-client", KeyKind::kLater, kLaterSql},
    {"sql-gateway", KeyKind::kLater, kLaterSql},
    {"yarn", KeyKind::kLater, kLaterDeploy},
    {"kubernetes", KeyKind::kLater, kLaterDeploy},
    {"resourcemanager", KeyKind::kLater, kLaterDeploy},
    {"slotmanager", KeyKind::kLater, kLaterDeploy},
    {"external-resource", KeyKind::kLater, kLaterDeploy},
    {"external-resources", KeyKind::kLater, kLaterDeploy},
    {"queryable-state", KeyKind::kLater,
     "queryable state is not in this release; port 6125 stays closed"},
    {"historyserver", KeyKind::kLater, kLaterHistory},
    {"jobmanager.archive", KeyKind::kLater, kLaterHistory},
    {"jobmanager.execution.failover-strategy", KeyKind::kLater,
     "failed tasks restart with their pipelined region, Flink's default"},
    {"jobmanager.scheduler", KeyKind::kLater, kLaterScheduler},
    {"jobmanager.adaptive-scheduler", KeyKind::kLater, kLaterScheduler},
    {"jobmanager.adaptive-batch-scheduler", KeyKind::kLater, kLaterScheduler},
    {"jobmanager.partition", KeyKind::kLater, kLaterScheduler},
    {"jobmanager.failure-enrichers", KeyKind::kLater, kLater},
    {"jobmanager.resource-id", KeyKind::kLater, kLater},
    {"jobmanager.retrieve-taskmanager-hostname", KeyKind::kLater, kLater},
    {"jobmanager.future-pool", KeyKind::kIgnored, kNoJvm},
    {"jobmanager.io-pool", KeyKind::kIgnored, kNoJvm},
    {"job-result-store", KeyKind::kLater, kLaterHa},
    {"job-event", KeyKind::kLater, kLaterHa},
    {"blob", KeyKind::kLater, kLater},
    {"cluster", KeyKind::kLater, kLater},
    {"fs", KeyKind::kLater, kLaterFs},
    {"s3", KeyKind::kLater, kLaterFs},
    {"hadoop", KeyKind::kLater, kLaterFs},
    {"flink.hadoop", KeyKind::kLater, kLaterFs},
    {"hdfs", KeyKind::kLater, kLaterFs},
    {"web.checkpoints", KeyKind::kLater, kLaterCheckpoints},
    {"web", KeyKind::kLater, kLaterPage},
    {"rest.flamegraph", KeyKind::kLater, kLaterPage},
    {"rest.profiling", KeyKind::kLater, kLaterPage},
    {"rest.async", KeyKind::kLater, kLaterPage},
    {"rest.cache", KeyKind::kLater, kLaterPage},
    {"rest.await-leader-timeout", KeyKind::kLater, kLaterHa},
    {"metrics.scope", KeyKind::kLater,
     "identifiers by scope format belong to reporters that are not in this release; Prometheus "
     "names are fixed"},
    {"metrics.latency", KeyKind::kLater, "latency markers are not in this release"},
    {"metrics.system-resource", KeyKind::kLater, kLater},
    {"metrics.system-resource-probing-interval", KeyKind::kLater, kLater},
    {"traces", KeyKind::kLater, "trace reporters are not in this release"},
    {"events", KeyKind::kLater, "event reporters are not in this release"},
    {"taskmanager.runtime", KeyKind::kLater, kLater},
    {"taskmanager.network.memory.buffer-debloat", KeyKind::kLater,
     "buffer debloating is not in this release"},
    {"taskmanager.network.memory.read-buffer", KeyKind::kLater, kLater},
    {"taskmanager.network.hybrid-shuffle", KeyKind::kLater,
     "hybrid shuffle is not in this release"},
    {"taskmanager.network.sort-shuffle", KeyKind::kLater, kLater},
    {"taskmanager.network.detailed-metrics", KeyKind::kLater, kLater},
    {"taskmanager.network.bind-policy", KeyKind::kLater, kLater},
    {"taskmanager.network.max-num-tcp-connections", KeyKind::kLater, kLater},
    {"taskmanager.network.tcp-connection", KeyKind::kLater, kLater},
    {"taskmanager.network.blocking-shuffle.type", KeyKind::kLater, kLater},
    {"taskmanager.network.bounded-blocking-subpartition-type", KeyKind::kLater, kLater},
    {"taskmanager.resource-id.metadata", KeyKind::kLater, kLater},
    {"taskmanager.collect-sink", KeyKind::kLater, kLater},
    {"taskmanager.data.bind-port", KeyKind::kLater, "data ports are reached where they listen"},
    {"taskmanager.rpc.bind-port", KeyKind::kLater,
     "TaskManager ports are reached where they listen"},
    {"taskmanager.registration.refused-backoff", KeyKind::kLater, kLater},
    {"taskmanager.registration.initial-backoff", KeyKind::kLater, kLater},
    {"taskmanager.registration.max-backoff", KeyKind::kLater, kLater},
    {"taskmanager.log.path", KeyKind::kLater, "log files are found by env.log.dir"},
    {"taskmanager.system-out", KeyKind::kLater, kLater},
    {"task.cancellation.timers.timeout", KeyKind::kLater, kLater},
    {"task.checkpoint", KeyKind::kLater, kLaterCheckpoints},
    {"heartbeat.rpc-failure-threshold", KeyKind::kLater, kLater},
    {"client.heartbeat", KeyKind::kLater, kLater},
    {"process.working-dir", KeyKind::kLater, kLater},
    {"process.jobmanager", KeyKind::kLater, kLater},
    {"process.taskmanager", KeyKind::kLater, kLater},
    {"user.artifacts", KeyKind::kLater, kLater},
    {"compiler", KeyKind::kLater, "the DataSet optimizer is not in this release"},
    {"optimizer", KeyKind::kLater, "the DataSet optimizer is not in this release"},
    {"plugin", KeyKind::kIgnored, kNoClassLoading},
    {"$internal", KeyKind::kIgnored, "internal keys are not for configuration files"},
};

bool matches(std::string_view key, std::string_view prefix) {
  if (!key.starts_with(prefix)) return false;
  return key.size() == prefix.size() || prefix.back() == '.' || key[prefix.size()] == '.' ||
         key[prefix.size()] == '-';
}

/// Levenshtein distance, given up as soon as it exceeds `limit`.
std::size_t editDistance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > limit) return limit + 1;
  std::vector<std::size_t> row(a.size() + 1);
  for (std::size_t i = 0; i <= a.size(); ++i) row[i] = i;
  for (std::size_t j = 1; j <= b.size(); ++j) {
    std::size_t diagonal = row[0];
    row[0] = j;
    std::size_t best = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      const std::size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[i];
      row[i] = std::min({substitution, row[i] + 1, row[i - 1] + 1});
      best = std::min(best, row[i]);
    }
    if (best > limit) return limit + 1;
  }
  return row[a.size()];
}

/// Keeps the first of the candidates that differ least from `word`, by `limit` letters at most.
class Nearest {
 public:
  Nearest(std::string_view word, std::size_t limit) : word_(word), best_(limit + 1) {}
  void consider(std::string_view candidate) {
    if (best_ == 0) return;
    const std::size_t distance = editDistance(word_, candidate, best_ - 1);
    if (distance >= best_) return;
    best_ = distance;
    found_ = candidate;
  }
  [[nodiscard]] std::optional<std::string> found() const {
    if (found_.empty()) return std::nullopt;
    return std::string(found_);
  }

 private:
  std::string_view word_, found_;
  std::size_t best_;
};

}  // namespace

std::span<const KeyRule> keyRules() {
  return kRules;
}

KeyVerdict classifyKey(std::string_view key) {
  for (const KeyRule& rule : kRules) {
    if (matches(key, rule.prefix)) return {rule.kind, rule.reason};
  }
  return {};
}

bool isNearMiss(std::string_view key) {
  constexpr std::size_t kNear = 2;
  for (const OptionArea& area : allOptionAreas()) {
    for (const OptionInfo& option : area.options) {
      if (editDistance(key, option.key, kNear) <= kNear) return true;
    }
  }
  return false;
}

std::optional<std::string> nearestWord(std::string_view word,
                                       const std::vector<std::string>& candidates) {
  const std::size_t limit = word.size() < 3   ? 0
                            : word.size() < 4 ? 1
                                              : std::max<std::size_t>(2, word.size() / 3);
  Nearest nearest(word, limit);
  for (const std::string& candidate : candidates) nearest.consider(candidate);
  return nearest.found();
}

std::optional<std::string> nearestKey(std::string_view key) {
  Nearest nearest(key, std::max<std::size_t>(3, key.size() / 3));
  for (const OptionArea& area : allOptionAreas()) {
    for (const OptionInfo& option : area.options) nearest.consider(option.key);
  }
  for (const KeyRule& rule : kRules) {
    if (rule.prefix.find('.') != std::string_view::npos && rule.prefix.back() != '.')
      nearest.consider(rule.prefix);
  }
  return nearest.found();
}

}  // namespace flink::config
