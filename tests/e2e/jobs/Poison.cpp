#include <flink/datastream.h>
#include <flink/robust.h>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>

// 1000 numbers, some of which fail: once (ending in 3), for ever (ending in 09), or beyond hope
// (ending in 27). --output: what became of the rest; --letters: what was given up.
FLINK_JOB("Poison", [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
  using namespace std::chrono_literals;
  const flink::OutputTag<flink::DeadLetter<std::int64_t>> deadLetters("dead-letters");
  flink::RobustSettings settings;
  settings.initialBackoff = 1ms;
  const auto results = flink::processRobustly(
      env.fromSequence(0, 999),
      [tried = std::set<std::int64_t>()](std::int64_t n) mutable {
        if (n % 10 == 3 && tried.insert(n).second)
          throw flink::RetryableException("Temporary processing error");
        if (n % 100 == 9) throw flink::RetryableException("Temporary processing error");
        if (n % 100 == 27) throw flink::NonRetryableException("Permanent processing error");
        return std::to_string(n);
      },
      deadLetters, settings);
  results.writeAsText(args.get("output")).setParallelism(1);
  results.getSideOutput(deadLetters)
      .map([](const flink::DeadLetter<std::int64_t>& letter) {
        return std::to_string(letter.record) + "," + std::to_string(letter.attempts) + "," +
               letter.error;
      })
      .writeAsText(args.get("letters"))
      .setParallelism(1);
  env.execute("Poison");
});
