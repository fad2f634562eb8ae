#include "apps/rest_settings.h"

#include <unistd.h>

#include <ctime>

#include <fmt/format.h>

#include "core/config/options/core_options.h"
#include "core/config/options/rest_options.h"
#include "core/config/value_text.h"

namespace flink::apps {

namespace {

/// What the names of JobManagers' directories for uploads begin with.
constexpr const char* kWebDirectoryKind = "flink-web";
constexpr const char* kUploads = "/flink-web-upload";

/// The zone of this process, as it is now.
void readTimezone(const Clock& clock, rest::DashboardConfiguration& dashboard) {
  const std::time_t now = clock.wallMs() / 1000;
  std::tm local{};
  if (::localtime_r(&now, &local) == nullptr) return;
  dashboard.timezoneOffsetMs = static_cast<std::int32_t>(local.tm_gmtoff * 1000);
  // Only this zone's full name is known here; others have their abbreviation.
  const std::string zone = local.tm_zone == nullptr ? "UTC" : local.tm_zone;
  dashboard.timezoneName = zone == "UTC" ? "Coordinated Universal Time" : zone;
}

}  // namespace

Result<UploadDirectory> makeUploadDirectory(const config::Configuration& configuration,
                                            FileSystem& files, Rng& rng) {
  UploadDirectory result;
  FLINK_ASSIGN_OR_RETURN(result.path, configuration.get(config::kWebUploadDir));
  if (result.path.empty()) {
    FLINK_ASSIGN_OR_RETURN(std::string temporary, configuration.get(config::kWebTmpdir));
    if (temporary.empty()) {
      FLINK_ASSIGN_OR_RETURN(const auto directories, configuration.get(config::kIoTmpDirs));
      temporary = directories.empty() ? "/tmp" : directories.front();
    }
    fs::OwnedDirectory::sweep(files, temporary, kWebDirectoryKind);
    FLINK_ASSIGN_OR_RETURN(
        result.temporary,
        fs::OwnedDirectory::claim(files, temporary, kWebDirectoryKind,
                                  fmt::format("{}-{:016x}", ::getpid(), rng.next())));
    result.path = result.temporary->path();
  }
  result.path += kUploads;
  return result;
}

Result<rest::RestSettings> readRestSettings(const config::Configuration& configuration,
                                            const Clock& clock) {
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
  FLINK_ASSIGN_OR_RETURN(settings.allowOrigin,
                         configuration.get(config::kWebAccessControlAllowOrigin));
  FLINK_ASSIGN_OR_RETURN(const auto refresh, configuration.get(config::kWebRefreshInterval));
  settings.dashboard.refreshIntervalMs = refresh.count();
  FLINK_ASSIGN_OR_RETURN(settings.dashboard.submitEnabled,
                         configuration.get(config::kWebSubmitEnable));
  FLINK_ASSIGN_OR_RETURN(settings.dashboard.cancelEnabled,
                         configuration.get(config::kWebCancelEnable));
  readTimezone(clock, settings.dashboard);
  settings.configuration = configuration.toMap();
  return settings;
}

}  // namespace flink::apps
