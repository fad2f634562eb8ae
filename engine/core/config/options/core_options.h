#pragma once

#include "core/config/config_option.h"

/// Keys that every process reads. Append new ones to the list in core_options.cpp too.
namespace flink::config {

inline constexpr ConfigOption<bool> kConfigStrict{
    "config.strict", "false", "An unknown key is an error instead of a warning."};
inline constexpr ConfigOption<int> kParallelismDefault{
    "parallelism.default", "1", "Parallelism of jobs that do not set one.", {}, ">=1"};
inline constexpr ConfigOption<ConfigList> kIoTmpDirs{
    "io.tmp.dirs",
    "/tmp",
    "Directories for temporary files (spilled data, fetched libraries), separated by comma.",
    {"taskmanager.tmp.dirs"}};

inline constexpr ConfigOption<std::string> kEnvLogDir{
    "env.log.dir", "", "Directory of the log files; without it `log` beside `conf`."};
inline constexpr ConfigOption<std::string> kEnvPidDir{
    "env.pid.dir", "/tmp", "Directory of the files that hold the process ids of started daemons."};
inline constexpr ConfigOption<std::string> kEnvLogLevel{
    "env.log.level",
    "INFO",
    "Level of the root logger: TRACE, DEBUG, INFO, WARN, ERROR or OFF.",
    {"rootLogger.level"},
    "TRACE|DEBUG|INFO|WARN|ERROR|OFF"};
inline constexpr ConfigOption<ConfigList> kEnvLogLevels{
    "env.log.levels", "",
    "Levels of single loggers by the beginning of their names, e.g. "
    "flink.network:DEBUG,flink.task:WARN."};
inline constexpr ConfigOption<int> kEnvLogMax{
    "env.log.max", "10", "Rotated log files kept per process.", {}, ">=1"};
inline constexpr ConfigOption<MemorySize> kEnvLogMaxSize{
    "env.log.max-size", "100m", "A log file is rotated when it reaches this size.", {}, ">=4096"};

inline constexpr ConfigOption<Millis> kHeartbeatInterval{
    "heartbeat.interval",
    "10 s",
    "Time between two heartbeats of JobManager and TaskManagers.",
    {},
    ">=1"};
inline constexpr ConfigOption<Millis> kHeartbeatTimeout{
    "heartbeat.timeout", "50 s", "A peer that was silent for this long counts as lost.", {}, ">=1"};

inline constexpr ConfigOption<Millis> kClientTimeout{
    "client.timeout",
    "60 s",
    "Time that flinkctl waits for an answer of the JobManager.",
    {"akka.client.timeout"},
    ">=1"};

inline constexpr ConfigOption<bool> kClusterEvenlySpreadOutSlots{
    "cluster.evenly-spread-out-slots", "true",
    "Spread slots over all TaskManagers. Superseded by taskmanager.load-balance.mode; `false` here "
    "means NONE there."};

}  // namespace flink::config
