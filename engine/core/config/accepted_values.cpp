#include <algorithm>
#include <bit>
#include <charconv>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/config/value_text.h"

namespace flink::config {
namespace {

constexpr int kMaxPort = 65535;

Status outside(std::string_view accepts) {
  return Status(ErrorCode::kConfigInvalidValue, fmt::format("expected {}", accepts));
}

double number(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Result<int> parsePort(std::string_view text) {
  FLINK_ASSIGN_OR_RETURN(int port, ValueText<int>::parse(text));
  if (port < 0 || port > kMaxPort)
    return Status(ErrorCode::kConfigInvalidValue, "a port lies within 0 and 65535");
  return port;
}

}  // namespace

Status checkAccepted(double value, std::string_view accepts) {
  if (accepts.empty()) return {};
  if (const std::size_t dots = accepts.find(".."); dots != std::string_view::npos) {
    const bool inside =
        value >= number(accepts.substr(0, dots)) && value <= number(accepts.substr(dots + 2));
    return inside ? Status() : outside("a value in " + std::string(accepts));
  }
  if (const std::size_t least = accepts.find(">="); least != std::string_view::npos) {
    return value >= number(accepts.substr(least + 2)) ? Status()
                                                      : outside("a value " + std::string(accepts));
  }
  return {};
}

Status checkAccepted(std::int64_t value, std::string_view accepts) {
  if (accepts == "port") accepts = "0..65535";
  if (accepts.starts_with("power of two") &&
      !std::has_single_bit(static_cast<std::uint64_t>(value))) {
    return outside("a " + std::string(accepts));
  }
  return checkAccepted(static_cast<double>(value), accepts);
}

Status checkAccepted(const std::string& value, std::string_view accepts) {
  if (accepts.empty()) return {};
  if (accepts == "ports") return parsePorts(value).status();
  const std::string wanted = toLower(trim(value));
  for (std::string_view rest = accepts; !rest.empty();) {
    const std::size_t bar = std::min(rest.find('|'), rest.size());
    if (toLower(rest.substr(0, bar)) == wanted) return {};
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  std::string words(accepts);
  for (std::size_t bar; (bar = words.find('|')) != std::string::npos;)
    words.replace(bar, 1, " or ");
  return outside(words);
}

Status checkAccepted(const ConfigList& value, std::string_view accepts) {
  for (const std::string& element : value) FLINK_RETURN_IF_ERROR(checkAccepted(element, accepts));
  return {};
}

Result<std::vector<int>> parsePorts(std::string_view text) {
  std::vector<int> ports;
  std::vector<bool> seen(kMaxPort + 1);
  for (std::string_view rest = trim(text); !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view part = trim(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (part.empty() && rest.find_first_not_of(", ") == std::string_view::npos) continue;
    const auto bad = [part](std::string_view why) {
      return Status(ErrorCode::kConfigInvalidValue,
                    fmt::format("'{}' is no port and no range as 8081-8089: {}", part, why));
    };
    const std::size_t dash = part.find('-');
    const Result<int> lower = parsePort(trim(part.substr(0, dash)));
    const Result<int> upper =
        dash == std::string_view::npos ? lower : parsePort(trim(part.substr(dash + 1)));
    for (const Result<int>& end : {lower, upper}) {
      if (!end) return bad(end.status().message());
    }
    const int first = *lower, last = *upper;
    if (last < first) return bad("a range starts with its lower end");
    for (int port = first; port <= last; ++port) {
      if (!seen[static_cast<std::size_t>(port)]) ports.push_back(port);
      seen[static_cast<std::size_t>(port)] = true;
    }
  }
  if (ports.empty())
    return Status(ErrorCode::kConfigInvalidValue,
                  "expected a port, a list or a range as 8081-8089");
  return ports;
}

std::string formatPorts(const std::vector<int>& ports) {
  std::string text;
  for (std::size_t i = 0; i < ports.size();) {
    std::size_t last = i;
    while (last + 1 < ports.size() && ports[last + 1] == ports[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ",", ports[i]);
    if (last > i) text += fmt::format("-{}", ports[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace flink::config
