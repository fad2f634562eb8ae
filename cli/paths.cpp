#include "cli/paths.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

namespace flink::cli {

namespace {

bool hasScheme(const std::string& path) {
  const std::size_t colon = path.find(':');
  return colon != std::string::npos && colon > 0 &&
         std::all_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](unsigned char c) { return std::isalnum(c) != 0; });
}

}  // namespace

std::string clusterPath(const std::string& path) {
  if (path.empty() || hasScheme(path)) return path;
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

std::string withScheme(const std::string& path) {
  return path.empty() || hasScheme(path) ? path : "file:" + path;
}

}  // namespace flink::cli
