#include "connectors/file/bucket_assigners.h"

#include <cctype>
#include <ctime>
#include <string_view>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/base/status_exception.h"

namespace flink::connectors {

namespace {

bool isLetter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

/// Seconds east of UTC of "UTC", "Z", "+08:00" or "-0330".
std::int64_t offsetOf(std::string_view zone) {
  if (zone == "UTC" || zone == "Z" || zone == "GMT") return 0;
  std::string digits;
  for (const char c : zone.substr(zone.empty() ? 0 : 1)) {
    if (c != ':') digits += c;
  }
  const bool numbers =
      digits.size() == 4 && digits.find_first_not_of("0123456789") == std::string::npos;
  if (!numbers || (zone[0] != '+' && zone[0] != '-')) {
    throw StatusException(Status(
        ErrorCode::kInvalidArgument,
        fmt::format("a bucket's zone is \"\", UTC or an offset like +08:00: zone={}", zone)));
  }
  const std::int64_t seconds =
      std::stoi(digits.substr(0, 2)) * 3600L + std::stoi(digits.substr(2)) * 60L;
  return zone[0] == '-' ? -seconds : seconds;
}

std::tm timeIn(std::int64_t wallMs, const std::optional<std::int64_t>& offsetSeconds) {
  std::int64_t seconds = wallMs / 1000 - (wallMs % 1000 < 0 ? 1 : 0);
  std::tm fields{};
  if (offsetSeconds) {
    seconds += *offsetSeconds;
    const auto time = static_cast<std::time_t>(seconds);
    gmtime_r(&time, &fields);
  } else {
    const auto time = static_cast<std::time_t>(seconds);
    localtime_r(&time, &fields);
  }
  return fields;
}

}  // namespace

DateTimeBucketAssigner::DateTimeBucketAssigner(const std::string& format, const std::string& zone) {
  if (!zone.empty()) offsetSeconds_ = offsetOf(zone);
  for (std::size_t at = 0; at < format.size();) {
    const char c = format[at];
    Piece piece;
    if (c == '\'') {
      const std::size_t end = format.find('\'', at + 1);
      if (end == std::string::npos) {
        throw StatusException(
            Status(ErrorCode::kInvalidArgument,
                   "a bucket's format has a quote that does not end: format=" + format));
      }
      piece.literal = end == at + 1 ? "'" : format.substr(at + 1, end - at - 1);
      at = end + 1;
    } else if (isLetter(c)) {
      if (std::string_view("yMdHms").find(c) == std::string_view::npos) {
        throw StatusException(
            Status(ErrorCode::kInvalidArgument,
                   fmt::format("a bucket's format knows the letters y M d H m s, other text goes "
                               "between quotes: letter={} format={}",
                               c, format)));
      }
      piece.letter = c;
      while (at < format.size() && format[at] == c) ++at, ++piece.width;
    } else {
      piece.literal = c;
      ++at;
    }
    pieces_.push_back(std::move(piece));
  }
}

std::string DateTimeBucketAssigner::bucketAt(std::int64_t wallMs) const {
  const std::tm time = timeIn(wallMs, offsetSeconds_);
  std::string bucket;
  for (const Piece& piece : pieces_) {
    int value = 0;
    switch (piece.letter) {
      case 'y':
        value = time.tm_year + 1900;
        if (piece.width == 2) value %= 100;
        break;
      case 'M':
        value = time.tm_mon + 1;
        break;
      case 'd':
        value = time.tm_mday;
        break;
      case 'H':
        value = time.tm_hour;
        break;
      case 'm':
        value = time.tm_min;
        break;
      case 's':
        value = time.tm_sec;
        break;
      default:
        bucket += piece.literal;
        continue;
    }
    bucket += fmt::format("{:0{}}", value, piece.width);
  }
  return bucket;
}

}  // namespace flink::connectors
