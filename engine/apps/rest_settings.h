#pragma once

#include <memory>
#include <string>

#include "cluster/rest/rest_server.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/base/rng.h"
#include "core/config/configuration.h"
#include "core/fs/owned_directory.h"

namespace flink::apps {

/// Where uploaded libraries are kept.
struct UploadDirectory {
  std::string path;
  /// Goes with the server, uploads included; null with web.upload.dir, where they stay.
  std::unique_ptr<fs::OwnedDirectory> temporary;
};
/// Errors: kConfigInvalidValue, those of files.
Result<UploadDirectory> makeUploadDirectory(const config::Configuration& configuration,
                                            FileSystem& files, Rng& rng);

/// The REST server's settings from the rest.* and web.* keys, without its upload directory. Errors:
/// kConfigInvalidValue.
Result<rest::RestSettings> readRestSettings(const config::Configuration& configuration,
                                            const Clock& clock);

}  // namespace flink::apps
