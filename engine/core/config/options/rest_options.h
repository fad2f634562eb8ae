#pragma once

#include "core/config/config_option.h"

/// Keys of the REST API. Append new ones to the list in rest_options.cpp too.
namespace flink::config {

inline constexpr ConfigOption<std::string> kRestBindAddress{
    "rest.bind-address", "localhost", "Address on which the REST API listens."};
inline constexpr ConfigOption<int> kRestPort{"rest.port",
                                             "8081",
                                             "Port under which clients reach the REST API.",
                                             {"web.port", "jobmanager.web.port"},
                                             "port"};
inline constexpr ConfigOption<std::string> kRestBindPort{
    "rest.bind-port",
    "",
    "Port, list or range of which the REST API takes the first free one; without it rest.port.",
    {},
    "ports"};
inline constexpr ConfigOption<std::int64_t> kRestServerMaxContentLength{
    "rest.server.max-content-length",
    "104857600",
    "Most bytes of one request's body, uploads included.",
    {},
    ">=1024"};
inline constexpr ConfigOption<MemorySize> kRestServerMaxHeaderSize{
    "rest.server.max-header-size",
    "16kb",
    "Most bytes of one request's line and headers.",
    {},
    ">=1024"};
inline constexpr ConfigOption<int> kRestServerMaxConnections{
    "rest.server.max-connections",
    "256",
    "Most connections at a time; a further one takes the place of one on which no request is under "
    "way, or waits.",
    {},
    ">=1"};
inline constexpr ConfigOption<std::int64_t> kRestIdlenessTimeout{
    "rest.idleness-timeout",
    "300000",
    "Milliseconds after which an idle connection is closed.",
    {},
    ">=1"};
inline constexpr ConfigOption<Millis> kRestRequestTimeout{
    "rest.request-timeout",
    "30 s",
    "Most time for a request's headers, for its body, for its answer and for sending that; then "
    "status 408 or 504, or the connection is closed.",
    {},
    ">=1"};

inline constexpr ConfigOption<Millis> kWebRefreshInterval{
    "web.refresh-interval",
    "3 s",
    "Time between two updates of a dashboard.",
    {"jobmanager.web.refresh-interval"}};
inline constexpr ConfigOption<std::string> kWebTmpdir{
    "web.tmpdir",
    "",
    "Directory for the REST API's files; without it the first one of io.tmp.dirs.",
    {"jobmanager.web.tmpdir"}};
inline constexpr ConfigOption<std::string> kWebUploadDir{
    "web.upload.dir",
    "",
    "Directory of uploaded job libraries; with it they stay after a restart.",
    {"jobmanager.web.upload.dir"}};
inline constexpr ConfigOption<bool> kWebSubmitEnable{
    "web.submit.enable",
    "true",
    "Job libraries can be uploaded and run through REST.",
    {"jobmanager.web.submit.enable"}};
inline constexpr ConfigOption<bool> kWebCancelEnable{"web.cancel.enable", "true",
                                                     "Dashboards offer to cancel jobs."};
inline constexpr ConfigOption<std::string> kWebAccessControlAllowOrigin{
    "web.access-control-allow-origin",
    "",
    "Value of the Access-Control-Allow-Origin header; without it none is sent. "
    "Flink's default is *.",
    {"jobmanager.web.access-control-allow-origin"}};

}  // namespace flink::config
