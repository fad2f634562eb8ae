#include "core/config/options/rest_options.h"

#include "core/config/option_info.h"

namespace flink::config {

std::vector<OptionInfo> restOptions() {
  return {
      describe(kRestBindAddress),
      describe(kRestPort),
      describe(kRestBindPort),
      describe(kRestServerMaxContentLength),
      describe(kRestServerMaxHeaderSize),
      describe(kRestServerMaxConnections),
      describe(kRestIdlenessTimeout),
      describe(kRestRequestTimeout),
      describe(kWebRefreshInterval),
      describe(kWebTmpdir),
      describe(kWebUploadDir),
      describe(kWebSubmitEnable),
      describe(kWebCancelEnable),
      describe(kWebAccessControlAllowOrigin),
  };
}

}  // namespace flink::config
