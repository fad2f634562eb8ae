#pragma once

#include "cluster/rest/rest_server.h"
#include "core/base/result.h"
#include "core/config/configuration.h"

namespace flink::apps {

/// The REST server's settings from the rest.* and web.* keys. Errors: kConfigInvalidValue.
Result<rest::RestSettings> readRestSettings(const config::Configuration& configuration);

}  // namespace flink::apps
