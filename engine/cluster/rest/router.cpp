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

/// The segments after an optional version.
std::vector<std::string> routePath(std::string_view path) {
  std::vector<std::string> segments = splitPath(path);
  if (!segments.empty() && segments.front() == "v1") segments.erase(segments.begin());
  return segments;
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

void Router::add(HttpMethod method, const std::string& pattern, Handler handler, BodyRule body) {
  auto segments = splitPath(pattern);
  for (const Route& route : routes_) {
    FLINK_CHECK(route.method != method || route.segments != segments,
                "two handlers for " + pattern);
  }
  routes_.push_back({method, std::move(segments), std::move(handler), std::move(body)});
}

Router::Match Router::find(HttpMethod method, const std::vector<std::string>& path) const {
  Match found;
  int bestFixed = -1;
  for (const Route& route : routes_) {
    const int fixedSegments = match(route.segments, path);
    if (fixedSegments < 0) continue;
    found.pathExists = true;
    if (route.method == method && fixedSegments > bestFixed) {
      found.route = &route;
      bestFixed = fixedSegments;
    }
  }
  return found;
}

const BodyRule& Router::bodyRule(HttpMethod method, const std::string& path) const {
  static const BodyRule kDefault;
  const Route* route = find(method, routePath(path)).route;
  return route == nullptr ? kDefault : route->body;
}

void Router::route(HttpRequest request, Respond respond) const {
  const std::vector<std::string> path = routePath(request.path);
  const auto [route, pathExists] = find(request.method, path);
  if (route == nullptr) {
    if (request.method == HttpMethod::kGet && !pathExists) {
      return respond(errorResponse(404, "Unable to load requested file " + request.path + "."));
    }
    return respond(errorResponse(404, "Not found: " + request.path));
  }
  if (route->body.refusal) return respond(*route->body.refusal);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (isParameter(route->segments[i]))
      request.pathParameters[route->segments[i].substr(1)] = path[i];
  }
  route->handler(std::move(request), std::move(respond));
}

}  // namespace flink::rest
