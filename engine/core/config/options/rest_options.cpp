#include "core/config/options/rest_options.h"

#include "core/config/option_info.h"

namespace flink::config {

std::vector<OptionInfo> restOptions() {
  return {
      describe(kRestAddress),
      describe(kRestBindAddress),
      describe(kRestPort),
      describe(kRestBindPort),
      describe(kRestServerMaxContentLength),
      describe(kRestClientMaxContentLength),
      describe(kRestServerMaxHeaderSize),
      describe(kRestServerMaxConnections),
      describe(kRestServerNumThreads),
      describe(kRestIdlenessTimeout),
      describe(kRestConnectionTimeout),
      describe(kRestRequestTimeout),
      describe(kRestRetryMaxAttempts),
      describe(kRestRetryDelay),
      describe(kWebRefreshInterval),
      describe(kWebTimeout),
      describe(kWebTmpdir),
      describe(kWebUploadDir),
      describe(kWebSubmitEnable),
      describe(kWebCancelEnable),
      describe(kWebAccessControlAllowOrigin),
  };
}

}  // namespace flink::config
