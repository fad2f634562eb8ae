// error: process() needs void f(const T&, flink::ProcessContext&, flink::Collector<R>&) or a
// flink::ProcessFunction<T, R>
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9)
      .process([](std::int64_t n, flink::Collector<std::int64_t>& out) { out.collect(n); })
      .print();
});
