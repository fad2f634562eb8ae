#include "script.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "core/base/error_codes.h"

namespace flink::conformance {

namespace {

std::vector<std::string> readLines(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

/// A top-level `key: value` of a case.yaml, which has no other form for what is wanted here.
std::string valueOf(const std::vector<std::string>& yaml, const std::string& key) {
  for (const std::string& line : yaml) {
    if (line.starts_with(key + ": ")) return line.substr(key.size() + 2);
  }
  return {};
}

bool parseTime(const std::string& text, types::Timestamp& time) {
  if (text == "-") {
    time = types::kNoTimestamp;
    return true;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time);
  return error == std::errc{} && end == text.data() + text.size();
}

bool parseLine(std::vector<std::string> words, ScriptLine& line) {
  if (words.empty() || words.front().size() != 1) return false;
  line.kind = words.front().front();
  words.erase(words.begin());
  const bool ofSource = line.kind == 'E' || line.kind == 'W' || line.kind == 'I';
  if (ofSource && words.size() > 1 && (words.front() == "L" || words.front() == "R")) {
    line.side = words.front();
    words.erase(words.begin());
  }
  switch (line.kind) {
    case 'E':
      if (words.empty() || !parseTime(words.front(), line.time)) return false;
      line.fields.assign(words.begin() + 1, words.end());
      return true;
    case 'W':
    case 'P':
    case 'R':
      return words.size() == 1 && parseTime(words.front(), line.time);
    case 'I':
      line.idle = words.size() == 1 && words.front() == "idle";
      return line.idle || (words.size() == 1 && words.front() == "active");
    case 'S':
    case 'Z':
      return words.empty();
    default:
      return false;
  }
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::vector<std::filesystem::path> findCases(const std::filesystem::path& root) {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().filename() == "case.yaml") folders.push_back(entry.path().parent_path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

Result<Case> readCase(const std::filesystem::path& folder) {
  const std::vector<std::string> yaml = readLines(folder / "case.yaml");
  Case found;
  found.group = valueOf(yaml, "group");
  found.name = valueOf(yaml, "name");
  found.order = valueOf(yaml, "order");
  found.folder = folder;
  found.input = readLines(folder / "input.csv");
  found.expected = readLines(folder / "expected.csv");
  if (found.group.empty() || found.name.empty() || found.order.empty()) {
    return Status(
        ErrorCode::kInvalidArgument,
        fmt::format("case.yaml needs the keys group, name and order: folder={}", folder.string()));
  }
  return found;
}

Result<std::vector<ScriptLine>> parseScript(const std::vector<std::string>& lines) {
  std::vector<ScriptLine> script;
  for (const std::string& text : lines) {
    ScriptLine line;
    line.number = static_cast<int>(script.size()) + 1;
    if (!parseLine(split(text, ','), line)) {
      return Status(
          ErrorCode::kInvalidArgument,
          fmt::format("not a line of a script: number={} line=\"{}\"", line.number, text));
    }
    script.push_back(std::move(line));
  }
  return script;
}

}  // namespace flink::conformance
