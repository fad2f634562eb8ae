#include <flink/datastream.h>

#include <cstdint>
#include <string>
#include <utility>

#include "tests/bench/jobs/mix.h"

/// --records N --keys K --payload BYTES: moves (key, payload) through keyBy and drops it.
FLINK_JOB("Bench Shuffle", [](flink::StreamExecutionEnvironment& env,
                              const flink::Parameters& args) {
  using Record = std::pair<std::int64_t, std::string>;
  const auto keys = static_cast<std::uint64_t>(args.getLong("keys", 1'000'000));
  const std::string payload(static_cast<std::size_t>(args.getLong("payload", 84)), '\0');
  env.fromSequence(0, args.getLong("records", 20'000'000) - 1)
      .flatMap([keys, payload](std::int64_t i, flink::Collector<Record>& out) {
        Record& record = out.slot();
        record.first = static_cast<std::int64_t>(mix(static_cast<std::uint64_t>(i)) % keys);
        record.second = payload;
      })
      .keyBy([](const Record& record) { return record.first; })
      .map([](const Record& record) { return record.first; })
      .sinkTo(flink::DiscardingSink<std::int64_t>());
  env.execute("Shuffle");
});
