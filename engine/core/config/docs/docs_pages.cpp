#include "core/config/docs/docs_pages.h"

#include <map>

#include <fmt/format.h>

#include "core/base/error_codes.h"
#include "core/config/known_keys.h"
#include "core/config/option_list.h"

namespace flink::config {
namespace {

constexpr std::string_view kNote =
    "<!-- Made by `flink-docs` from the tables in the source; a test compares. Change the tables, "
    "then run it. -->\n\n";

/// A cell of a table: no bars, no angle brackets that would be markup.
std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') {
      result += "\\|";
    } else if (c == '<') {
      result += "&lt;";
    } else {
      result += c;
    }
  }
  return result;
}

std::string code(std::string_view text) {
  return text.empty() ? "" : fmt::format("`{}`", text);
}

std::string meaning(const OptionInfo& option) {
  std::string text = cell(option.description);
  if (!option.accepts.empty()) text += fmt::format(" Values: {}.", cell(option.accepts));
  std::string names;
  for (const std::string_view legacy : option.legacyKeys) {
    if (!legacy.empty()) names += (names.empty() ? "" : ", ") + code(legacy);
  }
  if (!names.empty()) text += fmt::format(" Earlier: {}.", names);
  return text;
}

std::string_view retryText(RetryHint hint) {
  switch (hint) {
    case RetryHint::kNo:
      return "no";
    case RetryHint::kLater:
      return "later";
    case RetryHint::kAfterFix:
      return "after the fix";
  }
  return "";
}

std::string keysWithoutEffect(KeyKind kind) {
  std::map<std::string_view, std::string> keysByReason;
  for (const KeyRule& rule : keyRules()) {
    if (rule.kind != kind) continue;
    std::string& keys = keysByReason[rule.reason];
    keys += (keys.empty() ? "" : ", ") + code(rule.prefix);
  }
  std::string text = "| keys that begin with | why |\n|---|---|\n";
  for (const auto& [reason, keys] : keysByReason)
    text += fmt::format("| {} | {} |\n", keys, cell(reason));
  return text;
}

}  // namespace

std::string configPage() {
  std::string page = "# Configuration keys\n\n";
  page += kNote;
  page +=
      "`conf/config.yaml` (YAML, nested and dotted keys mixed) or `flink-conf.yaml` beside it (one "
      "`key: value` or `key=value` per "
      "line); `-D key=value` wins over both. Sizes: `1024`, `64kb`, `3.5g`. Durations: `100` (ms), "
      "`10 s`, `5 min`, `PT10S`. "
      "Lists: `a;b`, `a,b` or YAML lists. Earlier names of a key work and are reported with "
      "today's; an unknown key is "
      "reported with the nearest known one.\n";
  for (const OptionArea& area : allOptionAreas()) {
    page += fmt::format("\n## {}\n\n| key | default | type | meaning |\n|---|---|---|---|\n",
                        area.name);
    for (const OptionInfo& option : area.options) {
      page += fmt::format("| `{}` | {} | {} | {} |\n", option.key, code(option.defaultText),
                          cell(option.type), meaning(option));
    }
  }
  page += "\n## Metric reporters\n\n| key | default | meaning |\n|---|---|---|\n";
  page +=
      "| `metrics.reporter.<name>.factory.class` | | kind of the reporter; only Prometheus exists, "
      "and names that "
      "begin with `prom` are it without this key (`class` works too) |\n";
  page +=
      "| `metrics.reporter.<name>.port` | `9249-9259` | port, list or range, of which the first "
      "free one is taken |\n";
  page += "| `metrics.reporter.<name>.host` | `localhost` | address to listen on |\n";
  page +=
      "| `metrics.reporter.<name>.filterLabelValueCharacters` | `true` | label values keep only "
      "letters, digits, `:` and "
      "`_` |\n";
  page +=
      "| `metrics.reporter.<name>.filter.includes`, `.filter.excludes` | | rules "
      "`scope:name,..:type,..` separated by "
      "`;`, with `*` for any text |\n";
  page +=
      "| `metrics.reporter.<name>.scope.variables.excludes` | | variables that become no label |\n";
  page += "| `metrics.reporter.<name>.scope.variables.additional` | | `label:value,..` to add |\n";
  page += "\n## Accepted without meaning in a native process\n\n" +
          keysWithoutEffect(KeyKind::kIgnored);
  page += "\n## Accepted, without effect in this release\n\n" + keysWithoutEffect(KeyKind::kLater);
  return page;
}

std::string errorsPage() {
  std::string page = "# Errors\n\n";
  page += kNote;
  page +=
      "Every message of the product begins with one of these codes; `flinkctl explain CODE` prints "
      "a row. Codes are never "
      "reused. *Again* says whether trying again can help.\n";
  std::string area;
  for (const ErrorInfo& error : allErrors()) {
    const std::string own(error.id.substr(0, error.id.rfind('-')));
    if (own != area) {
      area = own;
      page += fmt::format("\n## {}\n\n| code | cause | fix | again |\n|---|---|---|---|\n", area);
    }
    page += fmt::format("| {} | {} | {} | {} |\n", error.id, cell(error.cause), cell(error.fix),
                        retryText(error.retry));
  }
  return page;
}

}  // namespace flink::config
