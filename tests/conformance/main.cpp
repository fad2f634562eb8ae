// Plays recorded cases on the engine: tests/conformance/README.md says how.
#include <filesystem>
#include <iostream>
#include <regex>
#include <string>
#include <vector>

#include "case_run.h"
#include "programs.h"
#include "script.h"

namespace {

using flink::conformance::CaseOutcome;
using flink::conformance::Verdict;

struct Options {
  std::filesystem::path folder;
  std::regex chosen{""};
  bool verbose = false;
};

int usage() {
  std::cerr << "usage: tests/conformance/run [-R REGEX] [-v] DIR\n"
               "  DIR       holds a folder with case.yaml, input.csv and expected.csv per case\n"
               "  -R REGEX  plays cases whose group/name fits\n"
               "  -v        shows where an output first differs\n";
  return 2;
}

bool parse(const std::vector<std::string>& words, Options& options) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "-v") {
      options.verbose = true;
    } else if (words[i] == "-R" && i + 1 < words.size()) {
      options.chosen = std::regex(words[++i]);
    } else if (options.folder.empty() && !words[i].starts_with("-")) {
      options.folder = words[i];
    } else {
      return false;
    }
  }
  return !options.folder.empty();
}

CaseOutcome runFolder(const std::filesystem::path& folder,
                      const flink::conformance::Programs& programs, const std::regex& chosen,
                      std::string& title) {
  const auto read = flink::conformance::readCase(folder);
  title = read.isOk() ? read->title() : folder.string();
  if (!read.isOk()) return {Verdict::kFailed, read.status().toString(), ""};
  if (!std::regex_search(title, chosen)) return {Verdict::kSkipped, "", ""};
  return flink::conformance::runCase(*read, programs);
}

int run(const Options& options) {
  if (!std::filesystem::is_directory(options.folder)) {
    std::cout << "SKIPPED: there is no folder " << options.folder.string()
              << ": not one case was played\n0 passed, 0 failed, 0 skipped\n";
    return 0;
  }
  const flink::conformance::Programs programs = flink::conformance::allPrograms();
  int passed = 0, failed = 0, skipped = 0;
  for (const auto& folder : flink::conformance::findCases(options.folder)) {
    std::string title;
    const CaseOutcome outcome = runFolder(folder, programs, options.chosen, title);
    if (outcome.verdict == Verdict::kPassed) {
      ++passed;
    } else if (outcome.verdict == Verdict::kFailed) {
      ++failed;
      std::cout << "failed: " << title << ": " << outcome.reason << "\n";
      if (options.verbose) std::cout << outcome.details;
    } else if (!outcome.reason.empty()) {
      ++skipped;
      std::cout << "skipped: " << title << ": " << outcome.reason << "\n";
    }
  }
  std::cout << passed << " passed, " << failed << " failed, " << skipped << " skipped\n";
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  try {
    if (!parse({argv + 1, argv + argc}, options)) return usage();
    return run(options);
  } catch (const std::exception& problem) {
    std::cerr << "tests/conformance/run: " << problem.what() << "\n";
    return 2;
  }
}
