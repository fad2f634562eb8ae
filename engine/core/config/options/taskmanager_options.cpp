#include "core/config/options/taskmanager_options.h"

#include "core/config/option_info.h"

namespace flink::config {

std::vector<OptionInfo> taskmanagerOptions() {
  return {
      describe(kTaskmanagerHost),
      describe(kTaskmanagerBindHost),
      describe(kTaskmanagerRpcPort),
      describe(kTaskmanagerDataPort),
      describe(kTaskmanagerNumberOfTaskSlots),
      describe(kTaskmanagerResourceId),
      describe(kTaskmanagerCpuCores),
      describe(kTaskmanagerRegistrationTimeout),
      describe(kTaskmanagerLoadBalanceMode),
      describe(kTaskCancellationTimeout),
      describe(kTaskmanagerWorkerThreads),
      describe(kTaskmanagerWorkerLogMaxFiles),
      describe(kTaskmanagerWorkerLogMaxSize),
      describe(kTaskmanagerWorkerStopTimeout),
      describe(kTaskmanagerWorkerHeartbeatTimeout),
      describe(kTaskmanagerMemoryProcessSize),
      describe(kTaskmanagerMemoryFlinkSize),
      describe(kTaskmanagerMemoryFrameworkHeapSize),
      describe(kTaskmanagerMemoryFrameworkOffHeapSize),
      describe(kTaskmanagerMemoryTaskHeapSize),
      describe(kTaskmanagerMemoryTaskOffHeapSize),
      describe(kTaskmanagerMemoryManagedSize),
      describe(kTaskmanagerMemoryManagedFraction),
      describe(kTaskmanagerMemoryNetworkMin),
      describe(kTaskmanagerMemoryNetworkMax),
      describe(kTaskmanagerMemoryNetworkFraction),
      describe(kTaskmanagerNetworkNumberOfBuffers),
      describe(kTaskmanagerMemoryJvmMetaspaceSize),
      describe(kTaskmanagerMemoryJvmOverheadMin),
      describe(kTaskmanagerMemoryJvmOverheadMax),
      describe(kTaskmanagerMemoryJvmOverheadFraction),
      describe(kTaskmanagerMemorySegmentSize),
      describe(kTaskmanagerNetworkMemoryBuffersPerChannel),
      describe(kTaskmanagerNetworkMemoryFloatingBuffersPerGate),
      describe(kTaskmanagerNetworkMemoryMaxBuffersPerChannel),
      describe(kTaskmanagerNetworkMemoryMaxOverdraftBuffersPerGate),
      describe(kTaskmanagerNetworkPartitionRequestTimeout),
      describe(kTaskmanagerNetworkRequestBackoffInitial),
      describe(kTaskmanagerNetworkRequestBackoffMax),
      describe(kTaskmanagerNetworkCompressionEnable),
      describe(kTaskmanagerNetworkCompressionCodec),
      describe(kTaskmanagerNetworkBatchShuffleCompressionEnabled),
      describe(kTaskmanagerNetworkNettyClientConnectTimeoutSec),
      describe(kTaskmanagerNetworkNettyServerNumThreads),
  };
}

}  // namespace flink::config
