#include <flink/datastream.h>

#include <string>
#include <string_view>
#include <utility>

/// --input FILE: a running count per word, every update emitted, nothing kept.
FLINK_JOB("Bench WordCount", [](flink::StreamExecutionEnvironment& env,
                                const flink::Parameters& args) {
  using WordWithCount = std::pair<std::string, std::int64_t>;
  env.readTextFile(args.get("input"))
      .flatMap([](std::string_view line, flink::Collector<WordWithCount>& out) {
        flink::forEachWord(line, [&out](std::string_view word) {
          WordWithCount& record = out.slot();
          record.first.assign(word);
          record.second = 1;
        });
      })
      .keyBy([](const WordWithCount& record) -> const std::string& { return record.first; })
      .sum<1>()
      .sinkTo(flink::DiscardingSink<WordWithCount>());
  env.execute("WordCount");
});
