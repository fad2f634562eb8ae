#pragma once

#include "core/config/config_option.h"

/// Keys of the TaskManager, its memory and its network. Append new ones to the list in
/// taskmanager_options.cpp too.
namespace flink::config {

inline constexpr ConfigOption<std::string> kTaskmanagerHost{
    "taskmanager.host", "localhost", "Host under which others reach this TaskManager."};
inline constexpr ConfigOption<std::string> kTaskmanagerBindHost{
    "taskmanager.bind-host", "localhost", "Address on which the TaskManager's ports listen."};
inline constexpr ConfigOption<std::string> kTaskmanagerRpcPort{
    "taskmanager.rpc.port",
    "0",
    "Port or port range of the TaskManager's control calls; 0 takes a free one.",
    {},
    "ports"};
inline constexpr ConfigOption<int> kTaskmanagerDataPort{
    "taskmanager.data.port",
    "0",
    "Port on which other TaskManagers fetch data; 0 takes a free one.",
    {},
    "port"};
inline constexpr ConfigOption<int> kTaskmanagerNumberOfTaskSlots{
    "taskmanager.numberOfTaskSlots",
    "1",
    "Slots of one TaskManager: parallel pipelines that it can run.",
    {},
    "1..4096"};
inline constexpr ConfigOption<std::string> kTaskmanagerResourceId{
    "taskmanager.resource-id", "", "Id of this TaskManager; without it host:port-suffix."};
inline constexpr ConfigOption<double> kTaskmanagerCpuCores{
    "taskmanager.cpu.cores", "",
    "Cores a TaskManager counts for in slot profiles; without it the number of its slots."};
inline constexpr ConfigOption<Millis> kTaskmanagerRegistrationTimeout{
    "taskmanager.registration.timeout", "5 min",
    "A TaskManager that finds no JobManager for this long ends."};
inline constexpr ConfigOption<std::string> kTaskmanagerLoadBalanceMode{
    "taskmanager.load-balance.mode",
    "SLOTS",
    "SLOTS spreads slots over all TaskManagers, NONE fills one after the other; TASKS does what "
    "SLOTS does in this release. Flink's default is NONE.",
    {},
    "SLOTS|NONE|TASKS"};
inline constexpr ConfigOption<Millis> kTaskCancellationTimeout{
    "task.cancellation.timeout", "3 min",
    "A worker whose task has not ended this long after cancel is killed; 0 waits for ever."};

inline constexpr ConfigOption<int> kTaskmanagerWorkerThreads{
    "taskmanager.worker.threads",
    "0",
    "Threads that run the tasks of one worker; 0 means one per core.",
    {},
    "0..1024"};
inline constexpr ConfigOption<int> kTaskmanagerWorkerLogMaxFiles{
    "taskmanager.worker.log.max-files",
    "100",
    "Log and output files of ended workers kept per TaskManager; the oldest are removed.",
    {},
    ">=1"};
inline constexpr ConfigOption<MemorySize> kTaskmanagerWorkerLogMaxSize{
    "taskmanager.worker.log.max-size",
    "100m",
    "Most bytes of one worker's log and output before it is rotated.",
    {},
    ">=4096"};
inline constexpr ConfigOption<Millis> kTaskmanagerWorkerStopTimeout{
    "taskmanager.worker.stop-timeout", "10 s",
    "A worker without tasks that has not ended after this time is killed."};
inline constexpr ConfigOption<Millis> kTaskmanagerWorkerHeartbeatTimeout{
    "taskmanager.worker.heartbeat-timeout", "10 s",
    "A worker that was silent for this long (stopped, hung) fails its job."};

inline constexpr ConfigOption<MemorySize> kTaskmanagerMemoryProcessSize{
    "taskmanager.memory.process.size", "", "Total memory of a TaskManager with its workers."};
inline constexpr ConfigOption<MemorySize> kTaskmanagerMemoryFlinkSize{
    "taskmanager.memory.flink.size",
    "",
    "Process memory without metaspace and overhead.",
    {"taskmanager.heap.size", "taskmanager.memory.total-flink-memory"}};
inline constexpr ConfigOption<MemorySize> kTaskmanagerMemoryFrameworkHeapSize{
    "taskmanager.memory.framework.heap.size", "128m",
    "Heap of the engine itself; not part of slots."};
inline constexpr ConfigOption<MemorySize> kTaskmanagerMemoryFrameworkOffHeapSize{
    "taskmanager.memory.framework.off-heap.size", "128m",
    "Off-heap memory of the engine itself; not part of slots."};
inline constexpr ConfigOption<MemorySize> kTaskmanagerMemoryTaskHeapSize{
    "taskmanager.memory.task.heap.size",
    "",
    "Heap of user code and operators.",
    {"taskmanager.memory.heap.size"}};
inline constexpr ConfigOption<MemorySize> kTaskmanagerMemoryTaskOffHeapSize{
    "taskmanager.memory.task.off-heap.size", "0 bytes",
    "Off-heap memory of user code and operators."};
inline constexpr ConfigOption<MemorySize> kTaskmanagerMemoryManagedSize{
    "taskmanager.memory.managed.size",
    "",
    "Memory for state, sorting and hash tables. Wins over taskmanager.memory.managed.fraction.",
    {"taskmanager.memory.size", "taskmanager.memory.fixed"}};
inline constexpr ConfigOption<float> kTaskmanagerMemoryManagedFraction{
    "taskmanager.memory.managed.fraction",
    "0.4",
    "Share of taskmanager.memory.flink.size that is managed memory.",
    {"taskmanager.memory.fraction", "taskmanager.memory.state.fraction"},
    "0..1"};
inline constexpr ConfigOption<MemorySize> kTaskmanagerMemoryNetworkMin{
    "taskmanager.memory.network.min",
    "64m",
    "Least memory of network buffers.",
    {"taskmanager.network.memory.min"}};
inline constexpr ConfigOption<MemorySize> kTaskmanagerMemoryNetworkMax{
    "taskmanager.memory.network.max",
    "9223372036854775807b",
    "Most memory of network buffers.",
    {"taskmanager.network.memory.max"}};
inline constexpr ConfigOption<float> kTaskmanagerMemoryNetworkFraction{
    "taskmanager.memory.network.fraction",
    "0.1",
    "Share of taskmanager.memory.flink.size that is network buffers.",
    {"taskmanager.network.memory.fraction"},
    "0..1"};
inline constexpr ConfigOption<int> kTaskmanagerNetworkNumberOfBuffers{
    "taskmanager.network.numberOfBuffers",
    "",
    "Number of network buffers, as old releases had it: stands for network.min and network.max of "
    "that many segments when "
    "neither these nor network.fraction are set.",
    {},
    ">=1"};
inline constexpr ConfigOption<MemorySize> kTaskmanagerMemoryJvmMetaspaceSize{
    "taskmanager.memory.jvm-metaspace.size", "256m",
    "Part of the process that Flink sets aside for classes; here for code."};
inline constexpr ConfigOption<MemorySize> kTaskmanagerMemoryJvmOverheadMin{
    "taskmanager.memory.jvm-overhead.min", "192m",
    "Least memory set aside for stacks and the allocator."};
inline constexpr ConfigOption<MemorySize> kTaskmanagerMemoryJvmOverheadMax{
    "taskmanager.memory.jvm-overhead.max", "1g",
    "Most memory set aside for stacks and the allocator."};
inline constexpr ConfigOption<float> kTaskmanagerMemoryJvmOverheadFraction{
    "taskmanager.memory.jvm-overhead.fraction",
    "0.1",
    "Share of the process set aside for stacks and the allocator.",
    {},
    "0..1"};
inline constexpr ConfigOption<MemorySize> kTaskmanagerMemorySegmentSize{
    "taskmanager.memory.segment-size",
    "32kb",
    "Size of one buffer; a power of two of at least 4 kb.",
    {},
    "power of two >=4096"};

inline constexpr ConfigOption<int> kTaskmanagerNetworkMemoryBuffersPerChannel{
    "taskmanager.network.memory.buffers-per-channel",
    "2",
    "Exclusive buffers (credits) of each input channel.",
    {"taskmanager.memory.network.buffers-per-channel"},
    ">=0"};
inline constexpr ConfigOption<int> kTaskmanagerNetworkMemoryFloatingBuffersPerGate{
    "taskmanager.network.memory.floating-buffers-per-gate",
    "8",
    "Buffers that the channels of one gate share.",
    {"taskmanager.memory.network.floating-buffers-per-gate"},
    ">=1"};
inline constexpr ConfigOption<int> kTaskmanagerNetworkMemoryMaxBuffersPerChannel{
    "taskmanager.network.memory.max-buffers-per-channel",
    "10",
    "Most buffers one subpartition may hold unsent.",
    {},
    ">=1"};
inline constexpr ConfigOption<int> kTaskmanagerNetworkMemoryMaxOverdraftBuffersPerGate{
    "taskmanager.network.memory.max-overdraft-buffers-per-gate",
    "5",
    "Buffers a task may take beyond its pool to finish the record in hand.",
    {},
    ">=0"};
inline constexpr ConfigOption<Millis> kTaskmanagerNetworkPartitionRequestTimeout{
    "taskmanager.network.partition-request-timeout",
    "10 s",
    "A consumer's request for a partition that its producer has not created yet waits this long.",
    {"taskmanager.network.partition-request-notify-timeout"}};
inline constexpr ConfigOption<Millis> kTaskmanagerNetworkRequestBackoffInitial{
    "taskmanager.network.request-backoff.initial",
    "100",
    "First pause before a partition is requested again.",
    {"taskmanager.net.request-backoff.initial"}};
inline constexpr ConfigOption<Millis> kTaskmanagerNetworkRequestBackoffMax{
    "taskmanager.network.request-backoff.max",
    "10000",
    "Longest pause before a partition is requested again.",
    {"taskmanager.net.request-backoff.max"}};
inline constexpr ConfigOption<bool> kTaskmanagerNetworkCompressionEnable{
    "taskmanager.network.compression.enable", "false",
    "Compress buffers that leave the host's worker."};
inline constexpr ConfigOption<std::string> kTaskmanagerNetworkCompressionCodec{
    "taskmanager.network.compression.codec", "LZ4", "Codec of compressed buffers: LZ4.", {}, "LZ4"};
inline constexpr ConfigOption<bool> kTaskmanagerNetworkBatchShuffleCompressionEnabled{
    "taskmanager.network.batch-shuffle.compression.enabled",
    "true",
    "Compress the spilled data of blocking exchanges.",
    {"taskmanager.network.blocking-shuffle.compression.enabled"}};
inline constexpr ConfigOption<int> kTaskmanagerNetworkNettyClientConnectTimeoutSec{
    "taskmanager.network.netty.client.connectTimeoutSec",
    "120",
    "Seconds that connecting to a data port may take.",
    {"taskmanager.net.client.connectTimeoutSec"},
    ">=1"};
inline constexpr ConfigOption<int> kTaskmanagerNetworkNettyServerNumThreads{
    "taskmanager.network.netty.server.numThreads",
    "1",
    "Threads of one worker that move bytes between sockets and buffers.",
    {"taskmanager.net.server.numThreads"},
    "1..64"};

}  // namespace flink::config
