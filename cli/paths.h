#pragma once

#include <string>

namespace flink::cli {

/// A path of the command line as the cluster's processes understand it: URIs stay as they are,
/// relative paths begin at the client's directory; empty stays empty.
[[nodiscard]] std::string clusterPath(const std::string& path);
/// A path as Flink prints it: with a scheme.
[[nodiscard]] std::string withScheme(const std::string& path);

}  // namespace flink::cli
