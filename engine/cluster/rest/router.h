#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cluster/rest/http.h"

namespace flink::rest {

/// What a route takes of a request's body.
struct BodyRule {
  /// Room for any JSON that a client of this API sends.
  static constexpr std::uint64_t kJsonBytes = 1U << 20;

  std::uint64_t maxBytes = kJsonBytes;
  /// Answers all requests of the route, before their bodies are read.
  std::optional<HttpResponse> refusal = std::nullopt;
};

/// Finds the handler of a request by method and path pattern (`/jobs/:jobid/plan`); `/v1` in front
/// is optional. Thread: add() before serving; route() from any thread then.
class Router {
 public:
  /// REQUIRES: no other route has the same method and pattern. Fixed segments win over parameters.
  void add(HttpMethod method, const std::string& pattern, Handler handler, BodyRule body = {});
  void route(HttpRequest request, Respond respond) const;
  /// That of the request's route; the default one where there is none.
  [[nodiscard]] const BodyRule& bodyRule(HttpMethod method, const std::string& path) const;

 private:
  struct Route {
    HttpMethod method;
    std::vector<std::string> segments;
    Handler handler;
    BodyRule body;
  };
  /// The route of a method and a path, and whether the path has one with any method.
  struct Match {
    const Route* route = nullptr;
    bool pathExists = false;
  };
  [[nodiscard]] Match find(HttpMethod method, const std::vector<std::string>& path) const;

  std::vector<Route> routes_;
};

}  // namespace flink::rest
