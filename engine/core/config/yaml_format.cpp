#include <map>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "core/base/error_codes.h"
#include "core/config/config_format.h"
#include "core/config/value_text.h"

namespace flink::config {
namespace {

constexpr std::size_t kMaxEntries = 10'000;
constexpr int kMaxDepth = 32;

class Flattener {
 public:
  Flattener(const std::string& source, const std::vector<std::string_view>& lines)
      : source_(source), lines_(lines) {}

  Status visit(const std::string& prefix, const YAML::Node& node, int depth) {
    if (depth > kMaxDepth) return malformed(node.Mark().line + 1, "keys are nested too deeply");
    switch (node.Type()) {
      case YAML::NodeType::Map:
        return visitMap(prefix, node, depth);
      case YAML::NodeType::Sequence:
        return visitSequence(prefix, node);
      case YAML::NodeType::Scalar:
        return add(prefix, node.Scalar(), node.Mark().line + 1);
      default:
        return {};
    }
  }

  std::vector<RawEntry> take() { return std::move(entries_); }

 private:
  [[nodiscard]] Status malformed(int line, std::string_view why) const {
    return Status(ErrorCode::kConfigMalformed,
                  fmt::format("configuration is malformed: at={}:{} {}", source_, line, why));
  }

  Status visitMap(const std::string& prefix, const YAML::Node& node, int depth) {
    for (const auto& child : node) {
      if (!child.first.IsScalar())
        return malformed(child.first.Mark().line + 1, "a key must be a plain text");
      const std::string& name = child.first.Scalar();
      line_ = child.first.Mark().line + 1;
      if (child.second.IsNull()) {
        FLINK_RETURN_IF_ERROR(checkHasColon(line_));
        continue;  // a key without value is not set
      }
      FLINK_RETURN_IF_ERROR(visit(prefix.empty() ? name : fmt::format("{}.{}", prefix, name),
                                  child.second, depth + 1));
    }
    return {};
  }

  /// The parser takes a last line without colon for a key without value.
  Status checkHasColon(int line) const {
    const auto index = static_cast<std::size_t>(line - 1);
    if (index >= lines_.size() || lines_[index].find(':') != std::string_view::npos) return {};
    if (looksLikeStatement(lines_[index]))
      return statementInConfiguration(source_, line, lines_[index]);
    return malformed(line, "expected `key: value`");
  }

  Status visitSequence(const std::string& prefix, const YAML::Node& node) {
    ConfigList list;
    const int line = line_;
    for (const YAML::Node& element : node) {
      if (element.IsScalar()) {
        list.push_back(element.Scalar());
      } else {
        list.push_back(YAML::Dump(element));
      }
      if (list.size() > kMaxEntries) return malformed(line, "a list has too many elements");
    }
    return add(prefix, ValueText<ConfigList>::format(list), line);
  }

  Status add(const std::string& key, std::string value, int line) {
    if (entries_.size() >= kMaxEntries) return malformed(line, "there are too many keys");
    const auto [it, isNew] = lineOfKey_.emplace(key, line);
    if (!isNew)
      return malformed(line, fmt::format("key {} is already set in line {}", key, it->second));
    entries_.push_back({key, std::move(value), line});
    return {};
  }

  const std::string& source_;
  const std::vector<std::string_view>& lines_;
  int line_ = 0;
  std::map<std::string, int> lineOfKey_;
  std::vector<RawEntry> entries_;
};

/// The first of the statements at or before `line` (from 1); 0 when there is none near.
int statementLine(const std::vector<std::string_view>& lines, int line) {
  const auto isStatement = [&](int number) {
    return number >= 1 && looksLikeStatement(lines[static_cast<std::size_t>(number - 1)]);
  };
  for (int i = std::min(line, static_cast<int>(lines.size())); i >= 1 && i >= line - 2; --i) {
    if (!isStatement(i)) continue;
    while (isStatement(i - 1)) --i;  // a parser reads several as one text
    return i;
  }
  return 0;
}

std::vector<std::string_view> splitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

Result<std::vector<RawEntry>> parseYamlConfiguration(std::string_view text,
                                                     const std::string& source) {
  const std::vector<std::string_view> lines = splitLines(text);
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    Flattener flattener(source, lines);
    if (root.IsDefined() && !root.IsNull() && !root.IsMap()) {
      for (std::size_t i = 0; i < lines.size(); ++i) {
        if (looksLikeStatement(lines[i]))
          return statementInConfiguration(source, static_cast<int>(i) + 1, lines[i]);
      }
      return Status(ErrorCode::kConfigMalformed,
                    fmt::format("configuration is malformed: at={}:{} expected `key: value` lines",
                                source, root.Mark().line + 1));
    }
    FLINK_RETURN_IF_ERROR(flattener.visit("", root, 0));
    return flattener.take();
  } catch (const YAML::Exception& e) {
    const int line = e.mark.is_null() ? 1 : e.mark.line + 1;
    if (const int statement = statementLine(lines, line); statement > 0) {
      return statementInConfiguration(source, statement,
                                      lines[static_cast<std::size_t>(statement - 1)]);
    }
    return Status(ErrorCode::kConfigMalformed,
                  fmt::format("configuration is malformed: at={}:{} {}", source, line, e.msg));
  }
}

}  // namespace flink::config
