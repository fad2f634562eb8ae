#pragma once

#include "core/config/config_option.h"

/// Keys of keyed state. Append new ones to the list in state_options.cpp too.
namespace flink::config {

inline constexpr ConfigOption<bool> kStateLatencyTrackKeyedStateEnabled{
    "state.latency-track.keyed-state-enabled",
    "false",
    "Whether to measure how long reading and changing keyed state takes.",
    {"state.backend.latency-track.keyed-state-enabled"}};
inline constexpr ConfigOption<int> kStateLatencyTrackSampleInterval{
    "state.latency-track.sample-interval",
    "100",
    "One of so many accesses of a kind is measured.",
    {"state.backend.latency-track.sample-interval"},
    ">=1"};
inline constexpr ConfigOption<int> kStateLatencyTrackHistorySize{
    "state.latency-track.history-size",
    "128",
    "How many measured accesses of a kind the percentiles are made of.",
    {"state.backend.latency-track.history-size"},
    ">=1"};
inline constexpr ConfigOption<bool> kStateLatencyTrackStateNameAsVariable{
    "state.latency-track.state-name-as-variable",
    "true",
    "Whether the state's name is a variable (a label) of these metrics, or a part of their names.",
    {"state.backend.latency-track.state-name-as-variable"}};

}  // namespace flink::config
