#pragma once

#include "core/config/config_option.h"

/// Keys of jobs: execution.* and pipeline.*. Append new ones to the list in execution_options.cpp
/// too.
namespace flink::config {

inline constexpr ConfigOption<std::string> kExecutionRuntimeMode{
    "execution.runtime-mode",
    "STREAMING",
    "STREAMING, BATCH, or AUTOMATIC (BATCH when all sources are bounded).",
    {},
    "STREAMING|BATCH|AUTOMATIC"};
inline constexpr ConfigOption<bool> kExecutionBufferTimeoutEnabled{
    "execution.buffer-timeout.enabled", "true",
    "Send half-full buffers after execution.buffer-timeout.interval."};
inline constexpr ConfigOption<Millis> kExecutionBufferTimeoutInterval{
    "execution.buffer-timeout.interval",
    "100 ms",
    "Longest time a record waits in a half-full buffer; 0 sends after every record.",
    {"execution.buffer-timeout", "taskmanager.network.buffer-timeout"},
    ">=0"};
inline constexpr ConfigOption<std::string> kExecutionBatchShuffleMode{
    "execution.batch-shuffle-mode",
    "ALL_EXCHANGES_BLOCKING",
    "How BATCH jobs exchange data: ALL_EXCHANGES_BLOCKING or ALL_EXCHANGES_PIPELINED.",
    {},
    "ALL_EXCHANGES_BLOCKING|ALL_EXCHANGES_PIPELINED"};

inline constexpr ConfigOption<std::string> kPipelineName{
    "pipeline.name", "", "Name of the job; without it the program's own."};
inline constexpr ConfigOption<int> kPipelineMaxParallelism{
    "pipeline.max-parallelism",
    "-1",
    "Key groups of the job; -1 derives them from the parallelism.",
    {},
    "-1..32768"};
inline constexpr ConfigOption<Millis> kPipelineAutoWatermarkInterval{
    "pipeline.auto-watermark-interval",
    "200 ms",
    "Time between two periodic watermarks; 0 switches them off.",
    {},
    ">=0"};
inline constexpr ConfigOption<bool> kPipelineObjectReuse{
    "pipeline.object-reuse", "false", "Chained user functions may be given the same object again."};
inline constexpr ConfigOption<bool> kPipelineOperatorChainingEnabled{
    "pipeline.operator-chaining.enabled",
    "true",
    "Run operators without exchange between them in one task.",
    {"pipeline.operator-chaining"}};
inline constexpr ConfigOption<bool>
    kPipelineOperatorChainingChainOperatorsWithDifferentMaxParallelism{
        "pipeline.operator-chaining.chain-operators-with-different-max-parallelism", "true",
        "Operators of different max parallelism may be chained."};
inline constexpr ConfigOption<bool> kPipelineAutoGenerateUids{
    "pipeline.auto-generate-uids", "true",
    "Operators without uid get one from the graph; false makes a missing uid an error."};
inline constexpr ConfigOption<ConfigList> kPipelineGlobalJobParameters{
    "pipeline.global-job-parameters", "", "key:value pairs that user functions and REST see."};
inline constexpr ConfigOption<ConfigList> kPipelineJobvertexParallelismOverrides{
    "pipeline.jobvertex-parallelism-overrides", "",
    "vertex-id:parallelism pairs that win over the program's numbers."};
inline constexpr ConfigOption<std::string> kPipelineVertexDescriptionMode{
    "pipeline.vertex-description-mode",
    "TREE",
    "How a vertex with several operators is described: TREE or CASCADING.",
    {},
    "TREE|CASCADING"};
inline constexpr ConfigOption<bool> kPipelineVertexNameIncludeIndexPrefix{
    "pipeline.vertex-name-include-index-prefix", "false",
    "Names of vertices start with their topological index."};

}  // namespace flink::config
