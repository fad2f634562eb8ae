#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace flink::conformance {

class Play;

/// Builds a case's program.
using Program = std::function<void(Play&)>;
/// Gives a table's lines for the lines of its input; nothing where it is not ours to give.
using Table = std::function<std::vector<std::string>(const std::vector<std::string>& input)>;

/// What cases are played on, by `group/name`.
struct Programs {
  std::map<std::string, Program> programs;
  std::map<std::string, Table> tables;
};

// One function and file per group or two.
void addCountWindowPrograms(Programs& to);
void addFunctionPrograms(Programs& to);
void addSessionPrograms(Programs& to);
void addStatePrograms(Programs& to);
void addTables(Programs& to);
void addTriggerPrograms(Programs& to);
void addTwoInputPrograms(Programs& to);
void addWatermarkPrograms(Programs& to);
void addWindowPrograms(Programs& to);

/// All of them.
[[nodiscard]] inline Programs allPrograms() {
  Programs all;
  addCountWindowPrograms(all);
  addFunctionPrograms(all);
  addSessionPrograms(all);
  addStatePrograms(all);
  addTables(all);
  addTriggerPrograms(all);
  addTwoInputPrograms(all);
  addWatermarkPrograms(all);
  addWindowPrograms(all);
  return all;
}

}  // namespace flink::conformance
