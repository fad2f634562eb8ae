#include "cli/render.h"

#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace flink::cli {

using Json = nlohmann::ordered_json;

namespace {

/// Terminal columns of UTF-8 text: bytes that do not continue a character. Wide characters do not
/// occur in our tables.
std::size_t displayWidth(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool isNumber(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

/// True for text that YAML would read as text without quotes too: nothing that begins like a number
/// or is a word with a meaning of its own.
bool isPlainText(const std::string& text) {
  constexpr std::string_view kWords[] = {"null", "true", "false", "yes", "no", "on",
                                         "off",  "y",    "n",     "nan", "inf"};
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text[0])) == 0) return false;
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(std::begin(kWords), std::end(kWords), lower) == std::end(kWords);
}

void emitYaml(YAML::Emitter& out, const Json& json) {
  if (json.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, value] : json.items()) {
      out << YAML::Key << key << YAML::Value;
      emitYaml(out, value);
    }
    out << YAML::EndMap;
  } else if (json.is_array()) {
    out << YAML::BeginSeq;
    for (const Json& value : json) emitYaml(out, value);
    out << YAML::EndSeq;
  } else if (json.is_string()) {
    const auto text = json.get<std::string>();
    if (!isPlainText(text)) out << YAML::DoubleQuoted;
    out << text;
  } else {
    out << json.dump();  // numbers, true, false and null are written alike
  }
}

bool wantsColor(int fd, const GlobalOptions& global) {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  if (global.noColor || set("NO_COLOR") || set("FLINKCTL_NO_COLOR")) return false;
  if (set("FORCE_COLOR")) return true;
  const char* terminal = std::getenv("TERM");
  return isatty(fd) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::string formatTime(std::int64_t epochMs, const char* format, bool utc) {
  const std::time_t seconds = epochMs / 1000;
  std::tm parts{};
  if (utc) {
    gmtime_r(&seconds, &parts);
  } else {
    localtime_r(&seconds, &parts);
  }
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

}  // namespace

std::string Table::toString() const {
  std::vector<std::size_t> widths(header_.size());
  std::vector<bool> numeric(header_.size(), !rows_.empty());
  for (std::size_t c = 0; c < header_.size(); ++c) {
    widths[c] = displayWidth(header_[c]);
    for (const auto& row : rows_) {
      widths[c] = std::max(widths[c], displayWidth(row[c]));
      numeric[c] = numeric[c] && isNumber(row[c]);
    }
  }
  std::string out;
  const auto addLine = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string padding(widths[c] - displayWidth(cells[c]), ' ');
      if (c > 0) line += "  ";
      line += numeric[c] ? padding + cells[c] : cells[c] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  addLine(header_);
  for (const auto& row : rows_) addLine(row);
  return out;
}

void printDocument(OutputFormat format, const std::string& kind, Json document) {
  Json whole{{"apiVersion", "flink-cpp/v1"}, {"kind", kind}};
  for (const auto& [key, value] : document.items()) whole[key] = value;
  if (format == OutputFormat::kJson) {
    const std::string text = whole.dump(2, ' ', false, Json::error_handler_t::replace);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
    return;
  }
  YAML::Emitter emitter;
  emitYaml(emitter, whole);
  std::printf("%s\n", emitter.c_str());
}

std::string colored(const std::string& text, Color color, int fd, const GlobalOptions& global) {
  if (color == Color::kNone || !wantsColor(fd, global)) return text;
  const char* code = color == Color::kRed ? "31" : color == Color::kGreen ? "32" : "33";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

Color stateColor(std::string_view state) {
  if (state == "RUNNING" || state == "FINISHED") return Color::kGreen;
  if (state == "FAILED" || state == "FAILING") return Color::kRed;
  return Color::kYellow;
}

std::string flinkTime(std::int64_t epochMs) {
  return formatTime(epochMs, "%d.%m.%Y %H:%M:%S", false);
}

std::string utcTime(std::int64_t epochMs) {
  if (epochMs <= 0) return {};
  return fmt::format("{}.{:03}Z", formatTime(epochMs, "%Y-%m-%dT%H:%M:%S", true), epochMs % 1000);
}

std::string humanDuration(std::int64_t ms) {
  if (ms < 0) return {};
  if (ms < 1000) return fmt::format("{} ms", ms);
  if (ms < 60'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  if (ms < 3'600'000) return fmt::format("{} min {:02} s", ms / 60'000, ms / 1000 % 60);
  return fmt::format("{} h {:02} min", ms / 3'600'000, ms / 60'000 % 60);
}

}  // namespace flink::cli
