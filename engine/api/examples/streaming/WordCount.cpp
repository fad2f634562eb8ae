#include <flink/datastream.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace {

/// What WordCount counts when it is given no input.
constexpr std::string_view kWordCountText[] = {
    "A stream is a river of events and a river has no last drop",
    "We count the words of the river while it runs",
    "Every word has a key and every key has a place",
    "The same word always comes to the same place",
    "There it meets the count of all that came before",
    "One more word and the count is one more",
    "Nothing waits for the end of the river",
    "For the river has no end and the count is never late",
};

using WordWithCount = std::pair<std::string, std::int64_t>;

bool isWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// `--tokens word`: lower case, cut at everything that is no letter, digit or underscore.
void lowerCaseWords(std::string_view line, flink::Collector<WordWithCount>& out) {
  for (auto at = line.begin(); at != line.end();) {
    const auto begin = std::find_if(at, line.end(), isWordCharacter);
    at = std::find_if_not(begin, line.end(), isWordCharacter);
    if (begin == at) continue;
    WordWithCount& record = out.slot();
    record.first.assign(begin, at);
    std::transform(record.first.begin(), record.first.end(), record.first.begin(), [](char c) {
      return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    record.second = 1;
  }
}

/// `--tokens space`, the default: cut at ASCII white space, all other bytes as they are.
void words(std::string_view line, flink::Collector<WordWithCount>& out) {
  flink::forEachWord(line, [&out](std::string_view word) {
    WordWithCount& record = out.slot();
    record.first.assign(word);
    record.second = 1;
  });
}

using Tokenizer = void (*)(std::string_view, flink::Collector<WordWithCount>&);

Tokenizer tokenizer(const std::string& tokens) {
  if (tokens == "space") return words;
  if (tokens == "word") return lowerCaseWords;
  throw std::invalid_argument("--tokens must be space or word: " + tokens);
}

flink::RuntimeExecutionMode executionMode(std::string mode) {
  std::transform(mode.begin(), mode.end(), mode.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  if (mode == "BATCH") return flink::RuntimeExecutionMode::kBatch;
  if (mode == "AUTOMATIC") return flink::RuntimeExecutionMode::kAutomatic;
  if (mode == "STREAMING") return flink::RuntimeExecutionMode::kStreaming;
  throw std::invalid_argument("--execution-mode must be STREAMING, BATCH or AUTOMATIC: " + mode);
}

}  // namespace

/// Counts words. STREAMING prints a running count for every word that comes, BATCH each word's
/// count once.
///   --input PATH           a text file, a directory or a pattern (default: a short text of its
///   own)
///   --output PATH          a file, or a directory above parallelism 1 (default: standard output)
///   --execution-mode MODE  STREAMING (default), BATCH or AUTOMATIC
///   --tokens space|word    how lines are cut
///   --discovery-interval   accepted for its callers' sake: inputs are read once
FLINK_JOB("WordCount", [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
  if (args.has("execution-mode")) env.setRuntimeMode(executionMode(args.get("execution-mode")));
  env.getConfig().setGlobalJobParameters(args);

  auto text = args.has("input") ? env.readTextFile(args.get("input")).name("file-input")
                                : env.fromCollection(kWordCountText).name("in-memory-input");
  auto counts =
      text.flatMap(tokenizer(args.get("tokens", "space")))
          .name("tokenizer")
          .keyBy([](const WordWithCount& record) -> const std::string& { return record.first; })
          .sum<1>()
          .name("counter");
  if (args.has("output")) {
    counts.writeAsText(args.get("output"), flink::WriteMode::kOverwrite).name("file-sink");
  } else {
    counts.print().name("print-sink");
  }
  env.execute("WordCount");
});
