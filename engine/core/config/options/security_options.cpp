#include "core/config/options/security_options.h"

#include "core/config/option_info.h"

namespace flink::config {

std::vector<OptionInfo> securityOptions() {
  return {
      describe(kSecurityAllowInsecure),
  };
}

}  // namespace flink::config
