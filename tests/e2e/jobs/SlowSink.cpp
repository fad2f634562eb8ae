#include <flink/datastream.h>

#include <chrono>
#include <string>
#include <thread>

// A source without bound before a sink that takes --rate records a second per subtask.
FLINK_JOB("SlowSink", [](flink::StreamExecutionEnvironment& env, const flink::Parameters& args) {
  const std::int64_t rate = args.getInt("rate", 10000);
  env.fromSequence(0, std::numeric_limits<std::int64_t>::max() - 1)
      .map([](std::int64_t n) { return std::string(92, static_cast<char>('a' + n % 26)); })
      .rebalance()
      .addSink([rate, taken = std::int64_t{0},
                start = std::chrono::steady_clock::now()](const std::string&) mutable {
        if (++taken % 100 == 0)
          std::this_thread::sleep_until(start +
                                        std::chrono::nanoseconds(1'000'000'000 / rate) * taken);
      });
  env.execute("SlowSink");
});
