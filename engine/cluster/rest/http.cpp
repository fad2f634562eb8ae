#include "cluster/rest/http.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error_codes.h"

namespace flink::rest {

std::optional<std::string> HttpRequest::queryValue(const std::string& key) const {
  const auto it = query.find(key);
  if (it == query.end()) return std::nullopt;
  return it->second;
}

std::vector<std::string> HttpRequest::queryList(const std::string& key) const {
  std::vector<std::string> values;
  const auto [first, last] = query.equal_range(key);
  for (auto it = first; it != last; ++it) {
    std::string_view rest = it->second;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      if (comma != 0) values.emplace_back(rest.substr(0, comma));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return values;
}

HttpResponse errorResponse(int status, std::string_view message) {
  const nlohmann::json body{{"errors", nlohmann::json::array({std::string(message)})}};
  return {status, "application/json; charset=UTF-8",
          body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

int httpStatusOf(const Status& status) {
  switch (status.code()) {
    case ErrorCode::kNotFound:
    case ErrorCode::kJobNotFound:
    case ErrorCode::kTaskManagerUnknown:
    case ErrorCode::kTaskNotFound:
    case ErrorCode::kFileNotFound:
      return 404;
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kProgramInvalid:
    case ErrorCode::kProgramCompile:
    case ErrorCode::kAbiMismatch:
    case ErrorCode::kJobGraphInvalid:
    case ErrorCode::kConfigInvalidValue:
      return 400;
    case ErrorCode::kLimitExceeded:
      return 413;
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kJobAlreadyTerminated:
      return 409;
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

HttpResponse errorResponse(const Status& status) {
  return errorResponse(httpStatusOf(status), status.toString());
}

namespace {

std::string failureText(std::string_view exception, std::string_view message,
                        std::string_view cause) {
  std::string text = fmt::format("{}: {}", exception, message);
  if (!cause.empty()) text += fmt::format("\nCaused by: {}", cause);
  return text;
}

HttpResponse badParameter(std::string_view kind, std::string_view key, std::string_view value) {
  const std::string what =
      fmt::format("Cannot resolve {} parameter ({}) from value \"{}\".", kind, key, value);
  return handlerError(400, "Bad request, could not parse parameters: " + what,
                      "org.apache.flink.runtime.rest.handler.HandlerRequestException: " + what);
}

}  // namespace

HttpResponse handlerError(int status, std::string_view message, std::string_view cause) {
  return errorResponse(
      status,
      failureText("org.apache.flink.runtime.rest.handler.RestHandlerException", message, cause));
}

HttpResponse notFoundError(std::string_view message, std::string_view cause) {
  return errorResponse(
      404, failureText("org.apache.flink.runtime.rest.NotFoundException", message, cause));
}

HttpResponse noSuchOperation(std::string_view triggerId) {
  return errorResponse(
      404, fmt::format("There is no operation with this trigger id: triggerId={}", triggerId));
}

HttpResponse badPathParameter(std::string_view key, std::string_view value) {
  return badParameter("path", key, value);
}

HttpResponse badQueryParameter(std::string_view key, std::string_view value) {
  return badParameter("query", key, value);
}

namespace {

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> percentDecode(std::string_view text, bool plusIsSpace) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plusIsSpace) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hexDigit(text[i + 1]);
      const int low = hexDigit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

bool parseTarget(std::string_view target, HttpRequest& request) {
  const std::size_t question = target.find('?');
  const auto path = percentDecode(target.substr(0, question), false);
  if (!path || path->empty() || path->front() != '/') return false;
  request.path = *path;
  if (question == std::string_view::npos) return true;
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty()) {
    const std::size_t ampersand = rest.find('&');
    const std::string_view pair = rest.substr(0, ampersand);
    const std::size_t equals = pair.find('=');
    const auto key = percentDecode(pair.substr(0, equals), true);
    const auto value = equals == std::string_view::npos
                           ? std::optional<std::string>("")
                           : percentDecode(pair.substr(equals + 1), true);
    if (!key || !value) return false;
    if (!key->empty()) request.query.emplace(*key, *value);
    if (ampersand == std::string_view::npos) break;
    rest.remove_prefix(ampersand + 1);
  }
  return true;
}

}  // namespace flink::rest
