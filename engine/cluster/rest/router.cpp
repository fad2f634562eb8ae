#include "cluster/rest/router.h"

#include <utility>

#include "core/base/check.h"

namespace flink::rest {

namespace {

std::vector<std::string> splitPath(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (slash != 0) segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return segments;
}

bool isParameter(const std::string& segment) {
  return segment.front() == ':';
}

/// How many fixed segments a matching pattern has; -1 when it does not match.
int match(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return -1;
  int fixedSegments = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (isParameter(pattern[i])) continue;
    if (pattern[i] != path[i]) return -1;
    ++fixedSegments;
  }
  return fixedSegments;
}

}  // namespace

void Router::add(HttpMethod method, const std::string& pattern, Handler handler) {
  auto segments = splitPath(pattern);
  for (const Route& route : routes_) {
    FLINK_CHECK(route.method != method || route.segments != segments,
                "two handlers for " + pattern);
  }
  routes_.push_back({method, std::move(segments), std::move(handler)});
}

void Router::route(HttpRequest request, Respond respond) const {
  std::vector<std::string> path = splitPath(request.path);
  if (!path.empty() && path.front() == "v1") path.erase(path.begin());
  const Route* best = nullptr;
  int bestFixed = -1;
  bool pathExists = false;
  for (const Route& route : routes_) {
    const int fixedSegments = match(route.segments, path);
    if (fixedSegments < 0) continue;
    pathExists = true;
    if (route.method == request.method && fixedSegments > bestFixed) {
      best = &route;
      bestFixed = fixedSegments;
    }
  }
  if (best == nullptr) {
    if (request.method == HttpMethod::kGet && !pathExists) {
      return respond(errorResponse(404, "Unable to load requested file " + request.path + "."));
    }
    return respond(errorResponse(404, "Not found: " + request.path));
  }
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (isParameter(best->segments[i]))
      request.pathParameters[best->segments[i].substr(1)] = path[i];
  }
  best->handler(request, std::move(respond));
}

}  // namespace flink::rest
