// error: addSink() needs a function of one record of this stream: void f(const T&)
#include "mistakes.h"

FLINK_JOB("mistake", [](flink::StreamExecutionEnvironment& env, const flink::Parameters&) {
  env.fromSequence(1, 9).addSink([](const std::string&) {});
});
