#include "core/metrics/prometheus_reporter.h"

#include <string>
#include <thread>
#include <utility>

#include <CivetServer.h>
#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/log.h"
#include "core/base/mutex.h"
#include "core/metrics/prometheus_text.h"

namespace flink::metrics {
namespace {

Logger kLog{"flink.metrics.prometheus"};

bool isLoopback(const std::string& host) {
  return host.starts_with("127.") || host == "::1";
}

int logOfServer(const mg_connection*, const char* message) {
  FLINK_DEBUG(kLog, "{}", message);
  return 1;  // written
}

/// Answers every GET with the current values.
class Scrape final : public CivetHandler {
 public:
  Scrape(PrometheusFormat format, std::vector<MetricSource> sources)
      : format_(std::move(format)), sources_(std::move(sources)) {}

  bool handleGet(CivetServer*, mg_connection* connection) override {
    const std::string body = render();
    mg_printf(connection,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
              "Content-Length: %zu\r\nConnection: close\r\n\r\n",
              body.size());
    mg_write(connection, body.data(), body.size());
    return true;
  }

 private:
  std::string render() {
    const MutexLock lock(mutex_);
    std::vector<MetricSample> samples;
    for (const MetricSource& source : sources_) {
      std::vector<MetricSample> part = source();
      samples.insert(samples.end(), std::make_move_iterator(part.begin()),
                     std::make_move_iterator(part.end()));
    }
    return toPrometheusExposition(samples, format_);
  }

  const PrometheusFormat format_;
  Mutex mutex_;
  const std::vector<MetricSource> sources_;
};

}  // namespace

struct PrometheusReporter::Server {
  ~Server() {
    if (http != nullptr) stop();
  }

  /// The server looks for its end only every two seconds, or after a connection: so it gets
  /// connections until it ends.
  void stop() {
    Mutex mutex;
    ConditionVariable ended;
    bool hasEnded = false;
    std::thread closing([&] {
      http->close();
      const MutexLock lock(mutex);
      hasEnded = true;
      ended.notifyAll();
    });
    {
      const MutexLock lock(mutex);
      while (!hasEnded) {
        char error[128];
        if (mg_connection* waking = mg_connect_client(host.c_str(), port, 0, error, sizeof error)) {
          mg_close_connection(waking);
        }
        ended.waitFor(mutex, std::chrono::milliseconds(5));
      }
    }
    closing.join();
  }

  // The server stops its threads before the handler goes.
  std::unique_ptr<Scrape> scrape;
  std::unique_ptr<CivetServer> http;
  std::string host;  ///< on which it is reached from here
  int port = 0;
};

PrometheusReporter::PrometheusReporter(std::unique_ptr<Server> server)
    : server_(std::move(server)) {}

PrometheusReporter::~PrometheusReporter() = default;

int PrometheusReporter::port() const {
  return server_->port;
}

Result<std::unique_ptr<PrometheusReporter>> PrometheusReporter::start(
    const PrometheusSettings& settings, std::vector<MetricSource> sources) {
  const std::string host = settings.host == "localhost" ? "127.0.0.1" : settings.host;
  if (!isLoopback(host) && !settings.allowInsecure) {
    return Status(ErrorCode::kBindRefused,
                  fmt::format("a metrics port may not leave loopback without protection: "
                              "key=metrics.reporter.{}.host "
                              "value={}; use localhost or set security.allow-insecure: true",
                              settings.name, settings.host));
  }
  auto server = std::make_unique<Server>();
  server->scrape = std::make_unique<Scrape>(settings.format, std::move(sources));
  if (settings.ports.empty()) {
    return Status(ErrorCode::kInvalidArgument,
                  fmt::format("no port for metrics: key=metrics.reporter.{}.port", settings.name));
  }
  CivetCallbacks callbacks;
  callbacks.log_message = logOfServer;
  for (const int port : settings.ports) {
    const std::string address = fmt::format(
        fmt::runtime(host.find(':') == std::string::npos ? "{}:{}" : "[{}]:{}"), host, port);
    try {
      server->http = std::make_unique<CivetServer>(
          std::vector<std::string>{"listening_ports", address, "num_threads", "2",
                                   "request_timeout_ms", "10000"},
          &callbacks);
    } catch (const CivetException&) {
      continue;  // the port is taken; the library says no more than that
    }
    server->http->addHandler("/", *server->scrape);
    server->host = isLoopback(host) ? host : "127.0.0.1";
    server->port = server->http->getListeningPorts().front();
    FLINK_INFO(kLog, "serving metrics address={}:{}", host, server->port);
    return std::unique_ptr<PrometheusReporter>(new PrometheusReporter(std::move(server)));
  }
  return Status(
      ErrorCode::kPortInUse,
      fmt::format("no port is free for metrics: key=metrics.reporter.{}.port ports={} host={}",
                  settings.name, fmt::join(settings.ports, ","), host));
}

}  // namespace flink::metrics
