#include "core/config/options/execution_options.h"

#include "core/config/option_info.h"

namespace flink::config {

std::vector<OptionInfo> executionOptions() {
  return {
      describe(kExecutionRuntimeMode),
      describe(kExecutionBufferTimeoutEnabled),
      describe(kExecutionBufferTimeoutInterval),
      describe(kExecutionBatchShuffleMode),
      describe(kPipelineName),
      describe(kPipelineMaxParallelism),
      describe(kPipelineAutoWatermarkInterval),
      describe(kPipelineObjectReuse),
      describe(kPipelineOperatorChainingEnabled),
      describe(kPipelineOperatorChainingChainOperatorsWithDifferentMaxParallelism),
      describe(kPipelineAutoGenerateUids),
      describe(kPipelineGlobalJobParameters),
      describe(kPipelineJobvertexParallelismOverrides),
      describe(kPipelineVertexDescriptionMode),
      describe(kPipelineVertexNameIncludeIndexPrefix),
  };
}

}  // namespace flink::config
