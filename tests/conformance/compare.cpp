#include "compare.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "script.h"

namespace flink::conformance {

namespace {

using Lines = std::vector<std::string>;

struct Block {
  Lines lines;
  std::string closing;  ///< the W, I or X line; empty at the end of the output
  std::string shown;    ///< the same with what an X line says
};

std::vector<Block> blocksOf(const Lines& lines) {
  std::vector<Block> blocks(1);
  for (const std::string& line : lines) {
    if (line.starts_with("E,") || line.starts_with("O,")) {
      blocks.back().lines.push_back(line);
    } else {
      blocks.back().closing = line.starts_with("X") ? "X" : line;
      blocks.back().shown = line;
      blocks.emplace_back();
    }
  }
  return blocks;
}

/// A field of an E line; O lines have their tag in front of it.
std::string fieldOf(const std::string& line, std::size_t index) {
  const Lines fields = split(line, ',');
  const std::size_t at = index + (fields.front() == "O" ? 2 : 1);
  return at < fields.size() ? fields[at] : std::string();
}
std::string timestampOf(const std::string& line) {
  return fieldOf(line, 0);
}

/// The main output before the side ones. What an operator writes to different outputs reaches
/// different consumers: no order between them can be seen.
void separateOutputs(Lines& lines) {
  const auto outputOf = [](const std::string& line) {
    return line.starts_with("O,") ? line.substr(0, line.find(',', 2)) : std::string();
  };
  std::stable_sort(lines.begin(), lines.end(), [&](const std::string& a, const std::string& b) {
    return outputOf(a) < outputOf(b);
  });
}

/// The engine has one way to say that there is no timestamp.
std::string withOneNoTimestamp(std::string line) {
  const std::string least = std::to_string(types::kNoTimestamp);
  if (line.starts_with("O,") && timestampOf(line) == least)
    line.replace(line.find(',', 2) + 1, least.size(), "-");
  return line;
}

void normalize(Lines& lines, const std::string& order) {
  for (std::string& line : lines) line = withOneNoTimestamp(std::move(line));
  separateOutputs(lines);
  if (order == "sorted") {
    std::sort(lines.begin(), lines.end());
  } else if (order == "per-key") {
    std::stable_sort(lines.begin(), lines.end(), [](const std::string& a, const std::string& b) {
      return fieldOf(a, 1) < fieldOf(b, 1);
    });
  } else if (order == "per-timestamp") {
    for (auto run = lines.begin(); run != lines.end();) {
      const auto end = std::find_if(run, lines.end(), [&](const std::string& line) {
        return timestampOf(line) != timestampOf(*run);
      });
      std::sort(run, end);
      run = end;
    }
  }
}

std::string describe(const char* whose, const Block* block) {
  if (block == nullptr) return fmt::format("  {}: nothing\n", whose);
  std::string text = fmt::format("  {}:\n", whose);
  for (const std::string& line : block->lines) text += "    " + line + "\n";
  return text + "    " + (block->closing.empty() ? "(end)" : block->shown) + "\n";
}

}  // namespace

std::optional<std::string> difference(const Lines& expected, const Lines& actual,
                                      const std::string& order) {
  std::vector<Block> wanted = blocksOf(expected);
  std::vector<Block> got = blocksOf(actual);
  const std::size_t count = std::max(wanted.size(), got.size());
  for (std::size_t i = 0; i < count; ++i) {
    Block* const want = i < wanted.size() ? &wanted[i] : nullptr;
    Block* const have = i < got.size() ? &got[i] : nullptr;
    const std::string shown = describe("expected", want) + describe("got", have);
    if (want != nullptr) normalize(want->lines, order);
    if (have != nullptr) normalize(have->lines, order);
    if (want == nullptr || have == nullptr || want->closing != have->closing ||
        want->lines != have->lines)
      return fmt::format("block {} differs, order={}\n{}", i + 1, order, shown);
  }
  return std::nullopt;
}

std::optional<std::string> tableDifference(const Lines& expected, const Lines& actual) {
  const std::size_t count = std::max(expected.size(), actual.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::string want = i < expected.size() ? expected[i] : "(end)";
    const std::string have = i < actual.size() ? actual[i] : "(end)";
    if (have == kNotOurs) continue;
    if (want != have) return fmt::format("line {}: expected {}, got {}\n", i + 1, want, have);
  }
  return std::nullopt;
}

}  // namespace flink::conformance
