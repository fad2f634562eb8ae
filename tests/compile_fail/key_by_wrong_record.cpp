// error: keyBy() needs a function of one record of this stream that returns its key: K f(const T&)
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9).keyBy([](const std::string& s) { return s; }).sum<0>().print();
});
