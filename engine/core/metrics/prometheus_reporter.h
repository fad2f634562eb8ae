#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/metrics/prometheus_text.h"
#include "core/metrics/registry.h"

namespace flink::metrics {

/// Where a Prometheus reporter listens and what it shows.
struct PrometheusSettings {
  std::string name = "prom";       ///< of the reporter, for messages
  std::string host = "localhost";  ///< address to bind to
  std::vector<int> ports;          ///< the first free one is taken; 0: any
  bool allowInsecure = false;      ///< addresses other than loopback may be bound
  PrometheusFormat format;
};

/// Serves samples in Prometheus' text format over HTTP, under every path.
/// Thread: any; sources are called on the server's threads, one scrape at a time.
/// Lifetime: serves from start() until destroyed.
class PrometheusReporter {
 public:
  /// Errors: kPortInUse when all ports are taken, kBindRefused for addresses that are not loopback,
  /// unless allowed.
  static Result<std::unique_ptr<PrometheusReporter>> start(const PrometheusSettings& settings,
                                                           std::vector<MetricSource> sources);
  ~PrometheusReporter();
  [[nodiscard]] int port() const;

 private:
  struct Server;
  explicit PrometheusReporter(std::unique_ptr<Server> server);

  std::unique_ptr<Server> server_;
};

}  // namespace flink::metrics
