#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace flink::cli {

/// Columns of left-aligned text; a column whose cells are all numbers is right-aligned. No
/// truncation.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
  void addRow(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] std::string toString() const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

/// Prints a document as JSON or YAML; `apiVersion` and `kind` are added. REQUIRES: format is not
/// kTable.
void printDocument(OutputFormat format, const std::string& kind, nlohmann::ordered_json document);

/// Colour for states and errors, when the stream is a terminal that wants it.
enum class Color { kNone, kRed, kGreen, kYellow };
[[nodiscard]] std::string colored(const std::string& text, Color color, int fd,
                                  const GlobalOptions& global);
/// The colour of a job's or task's state word.
[[nodiscard]] Color stateColor(std::string_view state);

/// dd.MM.yyyy HH:mm:ss in local time, as Flink's list prints it.
[[nodiscard]] std::string flinkTime(std::int64_t epochMs);
/// RFC 3339 in UTC; empty for unset times.
[[nodiscard]] std::string utcTime(std::int64_t epochMs);
/// "1 h 02 min", "3.2 s", "15 ms"; empty for unset ones.
[[nodiscard]] std::string humanDuration(std::int64_t ms);

}  // namespace flink::cli
