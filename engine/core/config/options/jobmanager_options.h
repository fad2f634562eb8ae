#pragma once

#include "core/config/config_option.h"

/// Keys of the JobManager. Append new ones to the list in jobmanager_options.cpp too.
namespace flink::config {

inline constexpr ConfigOption<std::string> kJobmanagerRpcAddress{
    "jobmanager.rpc.address", "localhost",
    "Host under which TaskManagers and clients reach the JobManager."};
inline constexpr ConfigOption<int> kJobmanagerRpcPort{
    "jobmanager.rpc.port",
    "6123",
    "Port of the JobManager's control calls; 0 takes a free one.",
    {},
    "port"};
inline constexpr ConfigOption<std::string> kJobmanagerBindHost{
    "jobmanager.bind-host", "localhost", "Address on which the JobManager's ports listen."};
inline constexpr ConfigOption<int> kJobmanagerRpcBindPort{
    "jobmanager.rpc.bind-port",
    "",
    "Local port of the control calls when it differs from jobmanager.rpc.port.",
    {},
    "port"};
inline constexpr ConfigOption<int> kJobmanagerEventPort{
    "jobmanager.event.port",
    "6126",
    "Port of the event stream (job and task state changes); 0 takes a free one.",
    {},
    "port"};
inline constexpr ConfigOption<std::string> kBlobServerPort{
    "blob.server.port",
    "6124",
    "Port or port range from which TaskManagers fetch job libraries; 0 takes a free one.",
    {},
    "ports"};
inline constexpr ConfigOption<std::string> kBlobStorageDirectory{
    "blob.storage.directory", "",
    "Directory for job libraries; without it the first one of io.tmp.dirs."};

inline constexpr ConfigOption<std::int64_t> kBlobServiceCleanupInterval{
    "blob.service.cleanup.interval",
    "3600",
    "Seconds after which a job library that no running or kept job uses is removed, at the "
    "JobManager as on TaskManagers.",
    {},
    ">=1"};

inline constexpr ConfigOption<Millis> kSlotRequestTimeout{
    "slot.request.timeout", "5 min",
    "A job whose slots cannot be provided within this time fails."};
inline constexpr ConfigOption<Millis> kSlotIdleTimeout{
    "slot.idle.timeout", "50 s",
    "A slot that a job holds without using it is given back after this time."};
inline constexpr ConfigOption<std::int64_t> kJobstoreExpirationTime{
    "jobstore.expiration-time",
    "3600",
    "Seconds after which an ended job leaves the job store.",
    {},
    ">=0"};
inline constexpr ConfigOption<int> kJobstoreMaxCapacity{
    "jobstore.max-capacity",
    "2147483647",
    "Most ended jobs kept; the oldest leaves first.",
    {},
    ">=0"};
inline constexpr ConfigOption<MemorySize> kJobstoreCacheSize{
    "jobstore.cache-size", "50m",
    "Memory that details of ended jobs may take; the oldest leaves first."};
inline constexpr ConfigOption<int> kWebExceptionHistorySize{
    "web.exception-history-size", "16", "Failures kept per job.", {}, ">=1"};

inline constexpr ConfigOption<MemorySize> kJobmanagerMemoryProcessSize{
    "jobmanager.memory.process.size", "", "Total memory of the JobManager's process."};
inline constexpr ConfigOption<MemorySize> kJobmanagerMemoryFlinkSize{
    "jobmanager.memory.flink.size", "", "Process memory without metaspace and overhead."};
inline constexpr ConfigOption<MemorySize> kJobmanagerMemoryHeapSize{
    "jobmanager.memory.heap.size", "", "Heap of the JobManager.", {"jobmanager.heap.size"}};
inline constexpr ConfigOption<MemorySize> kJobmanagerMemoryOffHeapSize{
    "jobmanager.memory.off-heap.size", "128m", "Memory of the JobManager outside its heap."};
inline constexpr ConfigOption<MemorySize> kJobmanagerMemoryJvmMetaspaceSize{
    "jobmanager.memory.jvm-metaspace.size", "256m",
    "Part of the process that Flink sets aside for classes; here for code."};
inline constexpr ConfigOption<MemorySize> kJobmanagerMemoryJvmOverheadMin{
    "jobmanager.memory.jvm-overhead.min", "192m",
    "Least memory set aside for stacks and the allocator."};
inline constexpr ConfigOption<MemorySize> kJobmanagerMemoryJvmOverheadMax{
    "jobmanager.memory.jvm-overhead.max", "1g",
    "Most memory set aside for stacks and the allocator."};
inline constexpr ConfigOption<float> kJobmanagerMemoryJvmOverheadFraction{
    "jobmanager.memory.jvm-overhead.fraction",
    "0.1",
    "Share of the process set aside for stacks and the allocator.",
    {},
    "0..1"};

}  // namespace flink::config
