#include <algorithm>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/config/config_format.h"
#include "core/config/value_text.h"

namespace flink::config {
namespace {

bool isIdentifierStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
bool isIdentifier(char c) {
  return isIdentifierStart(c) || (c >= '0' && c <= '9');
}

/// Cuts a comment: `#` at the start or after white space.
std::string_view withoutComment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t'))
      return line.substr(0, i);
  }
  return line;
}

bool isIndented(std::string_view line) {
  return !line.empty() && (line[0] == ' ' || line[0] == '\t');
}

std::string unquoted(std::string_view value) {
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
      value.back() == value.front() && value.find(value.front(), 1) == value.size() - 1) {
    value = value.substr(1, value.size() - 2);
  }
  return std::string(value);
}

class FlatParser {
 public:
  FlatParser(std::string_view text, const std::string& source) : rest_(text), source_(source) {}

  Result<std::vector<RawEntry>> parse() {
    while (nextLine()) {
      const std::string_view content = trim(withoutComment(line_));
      if (content.empty() || content == "---") continue;
      FLINK_RETURN_IF_ERROR(parseEntry(content));
    }
    return std::move(entries_);
  }

 private:
  bool nextLine() {
    if (rest_.empty()) return false;
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    line_ = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++lineNumber_;
    return true;
  }

  [[nodiscard]] Status malformed(std::string_view why) const {
    return Status(
        ErrorCode::kConfigMalformed,
        fmt::format("configuration is malformed: at={}:{} {}", source_, lineNumber_, why));
  }

  Status parseEntry(std::string_view content) {
    if (looksLikeStatement(content)) return statementInConfiguration(source_, lineNumber_, content);
    const std::size_t colon = content.ends_with(':') ? content.size() - 1 : content.find(": ");
    const std::size_t equals = content.find('=');
    if (colon == std::string_view::npos && equals == std::string_view::npos) {
      return malformed("expected `key: value` or `key=value`");
    }
    const std::size_t split = std::min(colon, equals);
    const std::string_view key = trim(content.substr(0, split));
    const std::string_view value = trim(content.substr(split + 1));
    if (key.empty() || key.find_first_of(" \t") != std::string_view::npos) {
      return malformed("expected one word before the separator");
    }
    const int line = lineNumber_;
    if (value == ">" || value == ">-" || value == "|" || value == "|-") {
      entries_.push_back({std::string(key), block(value[0] == '>' ? ' ' : '\n'), line});
      return {};
    }
    if (isIndented(line_))
      return malformed("nested keys belong in config.yaml; write the whole key here");
    if (value.empty()) {
      if (nextIsNested())
        return malformed("nested keys belong in config.yaml; write the whole key here");
      return {};  // a key without value is not set
    }
    entries_.push_back({std::string(key), unquoted(value), line});
    return {};
  }

  [[nodiscard]] bool nextIsNested() const {
    const std::string_view next = rest_.substr(0, rest_.find('\n'));
    return isIndented(next) && !trim(withoutComment(next)).empty();
  }

  /// The indented lines that follow, joined.
  std::string block(char joint) {
    std::string value;
    while (!rest_.empty()) {
      const std::string_view next = rest_.substr(0, std::min(rest_.find('\n'), rest_.size()));
      if (!trim(next).empty() && !isIndented(next)) break;
      nextLine();
      const std::string_view part = trim(withoutComment(line_));
      if (part.empty()) continue;
      if (!value.empty()) value += joint;
      value += part;
    }
    return value;
  }

  std::string_view rest_;
  const std::string& source_;
  std::string_view line_;
  int lineNumber_ = 0;
  std::vector<RawEntry> entries_;
};

}  // namespace

bool looksLikeStatement(std::string_view line) {
  line = trim(line);
  if (line.starts_with("import ") && line.ends_with(';')) return true;
  if (line.empty() || !isIdentifierStart(line[0])) return false;
  // `name.name(...)...;` or `Type name = ...;`
  std::size_t i = 0;
  while (i < line.size() && (isIdentifier(line[i]) || line[i] == '.')) ++i;
  if (i < line.size() && line[i] == '(') return line.find(')', i) != std::string_view::npos;
  return line.ends_with(");");
}

Status statementInConfiguration(const std::string& source, int line, std::string_view text) {
  return Status(ErrorCode::kConfigMalformed,
                fmt::format("a program statement is no configuration line: at={}:{} line='{}'; it "
                            "belongs in the job's "
                            "source, or use the key that stands for it",
                            source, line, trim(text)));
}

Result<std::vector<RawEntry>> parseFlatConfiguration(std::string_view text,
                                                     const std::string& source) {
  return FlatParser(text, source).parse();
}

}  // namespace flink::config
