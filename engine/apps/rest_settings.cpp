#include "apps/rest_settings.h"

#include <unistd.h>

#include <fmt/format.h>

#include "core/config/options/core_options.h"
#include "core/config/options/rest_options.h"
#include "core/config/value_text.h"

namespace flink::apps {

namespace {

Result<std::string> uploadDirectory(const config::Configuration& configuration) {
  FLINK_ASSIGN_OR_RETURN(const std::string uploads, configuration.get(config::kWebUploadDir));
  if (!uploads.empty()) return uploads + "/flink-web-upload";
  FLINK_ASSIGN_OR_RETURN(std::string temporary, configuration.get(config::kWebTmpdir));
  if (temporary.empty()) {
    FLINK_ASSIGN_OR_RETURN(const auto directories, configuration.get(config::kIoTmpDirs));
    temporary = directories.empty() ? "/tmp" : directories.front();
  }
  return fmt::format("{}/flink-web-{}/flink-web-upload", temporary, ::getpid());
}

}  // namespace

Result<rest::RestSettings> readRestSettings(const config::Configuration& configuration) {
  rest::RestSettings settings;
  FLINK_ASSIGN_OR_RETURN(settings.bindAddress, configuration.get(config::kRestBindAddress));
  FLINK_ASSIGN_OR_RETURN(const int port, configuration.get(config::kRestPort));
  FLINK_ASSIGN_OR_RETURN(const std::string range, configuration.get(config::kRestBindPort));
  settings.ports = {port};
  if (!range.empty()) {
    FLINK_ASSIGN_OR_RETURN(settings.ports, config::parsePorts(range));
  }
  FLINK_ASSIGN_OR_RETURN(const auto maxBody,
                         configuration.get(config::kRestServerMaxContentLength));
  settings.maxBodyBytes = static_cast<std::size_t>(maxBody);
  FLINK_ASSIGN_OR_RETURN(const auto maxHeader, configuration.get(config::kRestServerMaxHeaderSize));
  settings.maxHeaderBytes = static_cast<std::size_t>(maxHeader.bytes);
  FLINK_ASSIGN_OR_RETURN(settings.maxConnections,
                         configuration.get(config::kRestServerMaxConnections));
  FLINK_ASSIGN_OR_RETURN(settings.requestTimeout, configuration.get(config::kRestRequestTimeout));
  FLINK_ASSIGN_OR_RETURN(const auto idle, configuration.get(config::kRestIdlenessTimeout));
  settings.idleTimeout = std::chrono::milliseconds(idle);
  FLINK_ASSIGN_OR_RETURN(settings.uploadDirectory, uploadDirectory(configuration));
  FLINK_ASSIGN_OR_RETURN(settings.allowOrigin,
                         configuration.get(config::kWebAccessControlAllowOrigin));
  FLINK_ASSIGN_OR_RETURN(const auto refresh, configuration.get(config::kWebRefreshInterval));
  settings.dashboard.refreshIntervalMs = refresh.count();
  FLINK_ASSIGN_OR_RETURN(settings.dashboard.submitEnabled,
                         configuration.get(config::kWebSubmitEnable));
  FLINK_ASSIGN_OR_RETURN(settings.dashboard.cancelEnabled,
                         configuration.get(config::kWebCancelEnable));
  settings.configuration = configuration.toMap();
  return settings;
}

}  // namespace flink::apps
