#include "core/config/options/core_options.h"

#include "core/config/option_info.h"

namespace flink::config {

std::vector<OptionInfo> coreOptions() {
  return {
      describe(kConfigStrict),     describe(kParallelismDefault),
      describe(kIoTmpDirs),        describe(kEnvLogDir),
      describe(kEnvPidDir),        describe(kEnvLogLevel),
      describe(kEnvLogLevels),     describe(kEnvLogMax),
      describe(kEnvLogMaxSize),    describe(kHeartbeatInterval),
      describe(kHeartbeatTimeout), describe(kClusterEvenlySpreadOutSlots),
      describe(kClientTimeout),
  };
}

}  // namespace flink::config
