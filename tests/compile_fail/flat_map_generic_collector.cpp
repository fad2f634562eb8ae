// error: flatMap() needs a function with a collector: void f(const T&, flink::Collector<R>&); for a
// generic lambda write flatMap<R>(f)
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromElements("a b")
      .flatMap([](const std::string& line, auto& out) { out.collect(line); })
      .print();
});
