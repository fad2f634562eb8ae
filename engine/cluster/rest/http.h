#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"

namespace flink::rest {

enum class HttpMethod : std::uint8_t { kGet, kPost, kPut, kPatch, kDelete, kOther };

/// A parsed request; all text is percent-decoded.
struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string path;  ///< without query
  std::multimap<std::string, std::string> query;
  std::map<std::string, std::string> pathParameters;  ///< set by the router
  std::string contentType;
  std::string body;
  std::shared_ptr<void> claim = nullptr;  ///< what the body takes of a ByteBudget

  [[nodiscard]] std::optional<std::string> queryValue(const std::string& key) const;
  /// Values of a key, comma lists split (`get=a,b`).
  [[nodiscard]] std::vector<std::string> queryList(const std::string& key) const;
};

struct HttpResponse {
  int status = 200;
  std::string contentType = "application/json; charset=UTF-8";
  std::string body;
  std::shared_ptr<void> claim = nullptr;  ///< what the body takes of a ByteBudget
};

/// Answers one request once, from any thread.
using Respond = std::function<void(HttpResponse)>;
using Handler = std::function<void(HttpRequest, Respond)>;

/// {"errors":[...]} with one line.
[[nodiscard]] HttpResponse errorResponse(int status, std::string_view message);
/// The HTTP status that fits an error of the engine.
[[nodiscard]] int httpStatusOf(const Status& status);
/// An engine error as Flink's REST shows failures: its id and text, the causes below.
[[nodiscard]] HttpResponse errorResponse(const Status& status);
/// A refusal in Flink's words: `{"errors":["<RestHandlerException>: <message>\nCaused by: .."]}`;
/// `cause` is "<exception>: <message>" or nothing.
[[nodiscard]] HttpResponse handlerError(int status, std::string_view message,
                                        std::string_view cause = "");
/// 404 with Flink's NotFoundException.
[[nodiscard]] HttpResponse notFoundError(std::string_view message, std::string_view cause = "");
/// Flink's answer to a path or query parameter that does not parse.
[[nodiscard]] HttpResponse badPathParameter(std::string_view key, std::string_view value);
[[nodiscard]] HttpResponse badQueryParameter(std::string_view key, std::string_view value);
/// 404 for a trigger id that nobody got.
[[nodiscard]] HttpResponse noSuchOperation(std::string_view triggerId);

/// Decodes %XX and, in queries, '+'. Nullopt when malformed.
[[nodiscard]] std::optional<std::string> percentDecode(std::string_view text, bool plusIsSpace);
/// Parses `/path?query` into path and query; false when malformed.
[[nodiscard]] bool parseTarget(std::string_view target, HttpRequest& request);

}  // namespace flink::rest
