#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace flink::config {

/// One key and its value as a file has them.
struct RawEntry {
  std::string key, value;
  int line = 0;
};

/// config.yaml: YAML with nested and dotted keys, mixed. Lists become `a;b`. Errors:
/// kConfigMalformed with `source` and line; so is a key that is set twice.
Result<std::vector<RawEntry>> parseYamlConfiguration(std::string_view text,
                                                     const std::string& source);

/// flink-conf.yaml: one `key: value` or `key=value` per line, `#` comments, folded (`>`) and
/// literal (`|`) scalars. A key may be set again. Errors: kConfigMalformed with `source` and line.
Result<std::vector<RawEntry>> parseFlatConfiguration(std::string_view text,
                                                     const std::string& source);

/// What a log4j.properties (of Log4j 1 or 2) says about levels, file size and file count, as
/// env.log.* entries; the rest of such a file describes Java appenders and is passed over. Errors:
/// kConfigMalformed with `source` and line.
Result<std::vector<RawEntry>> parseLogProperties(std::string_view text, const std::string& source);

/// True for lines as `env.enableCheckpointing(60000);`, which documents show among configuration
/// keys.
[[nodiscard]] bool looksLikeStatement(std::string_view line);
/// The error for such a line.
Status statementInConfiguration(const std::string& source, int line, std::string_view text);

}  // namespace flink::config
