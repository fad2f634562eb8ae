// error: flatMap()'s function does not take this stream's records: void f(const T&,
// flink::Collector<R>&)
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9)
      .flatMap(
          [](const std::string& line, flink::Collector<std::string>& out) { out.collect(line); })
      .print();
});
