#include "core/config/options/jobmanager_options.h"

#include "core/config/option_info.h"

namespace flink::config {

std::vector<OptionInfo> jobmanagerOptions() {
  return {
      describe(kJobmanagerRpcAddress),
      describe(kJobmanagerRpcPort),
      describe(kJobmanagerBindHost),
      describe(kJobmanagerRpcBindPort),
      describe(kJobmanagerEventPort),
      describe(kBlobServerPort),
      describe(kBlobStorageDirectory),
      describe(kBlobServiceCleanupInterval),
      describe(kSlotRequestTimeout),
      describe(kSlotIdleTimeout),
      describe(kJobstoreExpirationTime),
      describe(kJobstoreMaxCapacity),
      describe(kJobstoreCacheSize),
      describe(kWebExceptionHistorySize),
      describe(kJobmanagerMemoryProcessSize),
      describe(kJobmanagerMemoryFlinkSize),
      describe(kJobmanagerMemoryHeapSize),
      describe(kJobmanagerMemoryOffHeapSize),
      describe(kJobmanagerMemoryJvmMetaspaceSize),
      describe(kJobmanagerMemoryJvmOverheadMin),
      describe(kJobmanagerMemoryJvmOverheadMax),
      describe(kJobmanagerMemoryJvmOverheadFraction),
  };
}

}  // namespace flink::config
