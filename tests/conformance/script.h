#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/types/stream_time.h"

namespace flink::conformance {

/// A script asks for what its program or this player does not have. Not a failure of the job.
class ScriptMistake : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A line of a case's input.csv: what happens next.
struct ScriptLine {
  int number = 0;    ///< in the file, from 1
  char kind = ' ';   ///< E, W, I, P, S, R or Z
  std::string side;  ///< L or R with two inputs, else empty
  /// Of E and W: event time; of P: the clock.
  types::Timestamp time = types::kNoTimestamp;
  bool idle = false;                ///< of I
  std::vector<std::string> fields;  ///< of E
};

/// One recorded case: a folder with case.yaml, input.csv and expected.csv.
struct Case {
  std::string group, name;
  std::string order;  ///< how exactly lines between two watermarks must be in place
  std::filesystem::path folder;
  std::vector<std::string> input;     ///< the lines of input.csv
  std::vector<std::string> expected;  ///< the lines of expected.csv

  [[nodiscard]] std::string title() const { return group + "/" + name; }
};

/// The folders below `root` that hold a case, in order of their paths.
[[nodiscard]] std::vector<std::filesystem::path> findCases(const std::filesystem::path& root);
Result<Case> readCase(const std::filesystem::path& folder);
/// Errors name the line.
Result<std::vector<ScriptLine>> parseScript(const std::vector<std::string>& lines);

[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

}  // namespace flink::conformance
