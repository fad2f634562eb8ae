#pragma once

#include <string>
#include <vector>

#include "cluster/rest/http.h"

namespace flink::rest {

/// Finds the handler of a request by method and path pattern (`/jobs/:jobid/plan`); `/v1` in front
/// is optional. Thread: add() before serving; route() from any thread then.
class Router {
 public:
  /// REQUIRES: no other route has the same method and pattern. Fixed segments win over parameters.
  void add(HttpMethod method, const std::string& pattern, Handler handler);
  void route(HttpRequest request, Respond respond) const;

 private:
  struct Route {
    HttpMethod method;
    std::vector<std::string> segments;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace flink::rest
