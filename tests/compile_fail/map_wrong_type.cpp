// error: map() needs a function of one record of this stream: R f(const T&)
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9)
      .map([](const std::string& s) { return s.size(); })
      .filter([](auto) { return true; })
      .print();
});
