#pragma once

#include "core/config/config_option.h"

/// Keys of security. Append new ones to the list in security_options.cpp too.
namespace flink::config {

inline constexpr ConfigOption<bool> kSecurityAllowInsecure{
    "security.allow-insecure", "false",
    "Allows ports to leave loopback although nothing protects them."};

}  // namespace flink::config
